/**
 * Servers that know nothing of each other, with the keys divided among them by somebody else: by the clients themselves, or by
 * a proxy. One more server stands by, empty, and there is a box for clients.
 */
import type { ProcessSpec, Scenario, Topology } from './types.ts'

const CONF = '/etc/redis/redis.conf'
const PORT = 6379
export const PROXY_PORT = 22121

const addressOf = (box: number): string => `10.0.0.${10 + box}`
function server(name: string, box: number, port: number, lines: readonly string[] = []): ProcessSpec {
  const conf = [
    'bind * -::*',
    'protected-mode no',
    'enable-debug-command yes',
    `port ${port}`,
    'dir /var/lib/redis',
    'repl-diskless-sync-delay 0',
    ...lines,
  ]
  return { name, kind: 'server', box: `box-${box}`, port, argv: [CONF], files: { [CONF]: `${conf.join('\n')}\n` } }
}
const boxes = (n: number): Topology['boxes'] =>
  Array.from({ length: n }, (_, i) => ({ name: `box-${i + 1}`, address: addressOf(i + 1) }))
const link = { latencyMicros: 500, jitterMicros: 200, loopbackMicros: 50 }

/** Of the servers that have keys, as clients and the proxy are told of them. */
export const SHARDS: readonly string[] = [0, 1, 2, 3].map((i) => `n${i}=${addressOf(i + 1)}:${PORT}`)

/** T-SHARD4: four nodes with keys and one without, a proxy, and room for clients. */
export function shard4(seed = 1): Scenario {
  const nodes = [0, 1, 2, 3, 4].map((i) => server(`n${i}`, i + 1, PORT))
  const proxy: ProcessSpec = {
    name: 'proxy',
    kind: 'app',
    box: 'box-6',
    port: PROXY_PORT,
    argv: ['proxy', '--listen', String(PROXY_PORT), ...SHARDS],
  }
  return {
    id: 'shard-4',
    title: 'Four servers, divided by a client or a proxy',
    seed,
    topology: { boxes: boxes(7), processes: [...nodes, proxy], link },
  }
}

/** Pre-sharding: 32 small instances s0 to s31, eight to a box, and two boxes without any. */
export function preSharded(seed = 1): Scenario {
  const names = Array.from({ length: 32 }, (_, i) => i)
  return {
    id: 'shard-32',
    title: 'Thirty-two small servers on four boxes',
    seed,
    topology: {
      boxes: boxes(6),
      processes: names.map((i) => server(`s${i}`, (i % 4) + 1, PORT + Math.floor(i / 4))),
      link,
    },
  }
}
export const PRE_SHARDS: readonly string[] = Array.from(
  { length: 32 },
  (_, i) => `s${i}=${addressOf((i % 4) + 1)}:${PORT + Math.floor(i / 4)}`,
)
