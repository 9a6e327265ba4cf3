/** The contents of a page's fenced code blocks of one language (the word behind the fence), in order. */
export function codeBlocks(markdown: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms')
  return [...markdown.matchAll(fence)].map(([, code]) => code!)
}
