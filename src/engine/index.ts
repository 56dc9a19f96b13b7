/** What the layers above may use of the engine. */
export type { Bytes } from './bytes/bytes.ts'
export type {
  CloseReason,
  ConnId,
  Fact,
  FailedBind,
  FileOp,
  FileResult,
  Input,
  Machine,
  MachineFactory,
  Micros,
  Output,
  ProcessEnv,
  RealSystem,
  Signal,
  Tap,
} from './machine.ts'
export { createApp } from './programs/app/app.ts'
export { RedisCli } from './programs/redis-cli/redis-cli.ts'
export { provideLua } from './scripting/lua-module.ts'
export { createServer } from './server/create.ts'
