/** Builds the dashboard when there is no build of the sources as they are. @param node The Node that runs the build. */
export function prepareDashboard(node: string): Promise<void>
