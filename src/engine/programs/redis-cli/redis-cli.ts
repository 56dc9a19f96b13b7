/** redis-cli with everything that it can do. */
import type { ProcessEnv, Tap } from '../../machine.ts'
import { RedisCliCore } from './cli.ts'
import { cluster } from './cluster/index.ts'
import { modes } from './modes/index.ts'

export class RedisCli extends RedisCliCore {
  constructor(env: ProcessEnv, tap?: Tap) {
    super(env, tap, { manager: cluster, modes })
  }
}
