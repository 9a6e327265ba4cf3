/** Schema in which a rebuild makes new rows. */
export const REBUILD_SCHEMA = 'jethook_rebuild'
/** Whoever rebuilds or rolls back holds this advisory lock. */
export const REBUILD_LOCK = 0x6a_65_74_03
