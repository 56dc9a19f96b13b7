import { ConfigValues } from './config-values.ts'

export type { BufferLimit, OutputBufferLimits, SavePoint } from './config-values.ts'

/** The configuration of one process: typed fields, and access by name. */
export class Config extends ConfigValues {}
