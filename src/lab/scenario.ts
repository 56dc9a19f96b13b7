/** The deployment the lab opens with: a master, two replicas, three Sentinels, on three boxes. */
import type { ProcessSpec, Scenario } from '../browser/session.ts'

const boxes = [
  { name: 'box-1', address: '10.0.0.11' },
  { name: 'box-2', address: '10.0.0.12' },
  { name: 'box-3', address: '10.0.0.13' },
] as const

const serverConf = (master: string | null) =>
  ['port 6379', 'dir /data', 'save ""', 'appendonly no', 'protected-mode no', 'repl-diskless-sync-delay 0', ...(master ? [`replicaof ${master} 6379`] : [])].join('\n') + '\n'

const sentinelConf = (master: string) =>
  [
    'port 26379',
    'dir /data',
    'protected-mode no',
    `sentinel monitor mymaster ${master} 6379 2`,
    'sentinel down-after-milliseconds mymaster 5000',
    'sentinel failover-timeout mymaster 60000',
    'sentinel parallel-syncs mymaster 1',
  ].join('\n') + '\n'

const processes: ProcessSpec[] = boxes.flatMap((box, i) => [
  {
    name: `redis-${i + 1}`,
    kind: 'server',
    box: box.name,
    port: 6379,
    argv: ['/etc/redis.conf'],
    files: { '/etc/redis.conf': serverConf(i === 0 ? null : boxes[0].address) },
  },
  {
    name: `s${i + 1}`,
    kind: 'sentinel',
    box: box.name,
    port: 26379,
    argv: ['/etc/sentinel.conf', '--sentinel'],
    files: { '/etc/sentinel.conf': sentinelConf(boxes[0].address) },
  },
])

export const sentinelScenario: Scenario = {
  id: 'sentinel-3',
  title: 'Sentinel failover',
  seed: 1,
  topology: { boxes: [...boxes], processes, link: { latencyMicros: 500, jitterMicros: 100, loopbackMicros: 30 } },
}
