// npm run oracle -- [--seed N] [--ops M]: random requests to our server and to an installed redis-server, byte for byte.
import { bin, run } from './setup.mjs'

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : (process.argv[at + 1] ?? otherwise)
}
process.env.ORACLE_SEED = option('seed', '1')
process.env.ORACLE_OPS = option('ops', '10000')
process.exitCode = run(bin('vitest'), ['run', 'tests/oracle.test.ts'])
