/** Deployments that everybody knows, ready to run. */
import type { ProcessSpec, Scenario } from './types.ts'

const SERVER_CONF = '/etc/redis/redis.conf'
const SENTINEL_CONF = '/etc/redis/sentinel.conf'

function server(n: number, box: string, lines: readonly string[]): ProcessSpec {
  // A lab is where one wants DEBUG HTSTATS and DEBUG SEGFAULT.
  const conf = [
    'bind * -::*',
    'protected-mode no',
    'enable-debug-command yes',
    'port 6379',
    'dir /var/lib/redis',
    ...lines,
  ]
  return {
    name: `redis-${n}`,
    kind: 'server',
    box,
    port: 6379,
    argv: [SERVER_CONF],
    files: { [SERVER_CONF]: `${conf.join('\n')}\n` },
  }
}

function sentinel(n: number, box: string, downAfterMs: number): ProcessSpec {
  const conf = [
    'bind * -::*',
    'protected-mode no',
    'port 26379',
    'dir /var/lib/redis',
    'sentinel monitor mymaster 10.0.0.11 6379 2',
    `sentinel down-after-milliseconds mymaster ${downAfterMs}`,
    'sentinel failover-timeout mymaster 60000',
    'sentinel parallel-syncs mymaster 1',
  ]
  return {
    name: `s${n}`,
    kind: 'sentinel',
    box,
    port: 26379,
    argv: [SENTINEL_CONF],
    files: { [SENTINEL_CONF]: `${conf.join('\n')}\n` },
  }
}

/** T-SENT3: one master, two replicas, three Sentinels, on three boxes; quorum 2. */
export function sentinelTrio(seed = 1, downAfterMs = 5000): Scenario {
  const replica = ['replicaof 10.0.0.11 6379']
  return {
    id: 'sentinel-trio',
    title: 'One master, two replicas, three Sentinels',
    seed,
    topology: {
      boxes: [
        { name: 'box-1', address: '10.0.0.11' },
        { name: 'box-2', address: '10.0.0.12' },
        { name: 'box-3', address: '10.0.0.13' },
      ],
      processes: [
        server(1, 'box-1', []),
        server(2, 'box-2', replica),
        server(3, 'box-3', replica),
        sentinel(1, 'box-1', downAfterMs),
        sentinel(2, 'box-2', downAfterMs),
        sentinel(3, 'box-3', downAfterMs),
      ],
      link: { latencyMicros: 500, jitterMicros: 200, loopbackMicros: 50 },
    },
  }
}
