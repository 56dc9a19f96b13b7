/** INFO: sections of `field:value` lines, in 7.0.15's order and words. */
import type { Bytes } from '../bytes/bytes.ts'
import type { AdminServer } from '../commands/server/port.ts'
import { statsOf } from '../commands/server/port.ts'

type Fields = readonly (readonly [string, string | number])[]
const lines = (title: string, fields: Fields): string => `# ${title}\r\n${fields.map(([k, v]) => `${k}:${v}\r\n`).join('')}`

export function bytesToHuman(n: number): string {
  if (n < 1024) return `${n}B`
  const units = ['K', 'M', 'G', 'T', 'P']
  let v = n / 1024
  let u = 0
  while (v >= 1024 && u < units.length - 1) {
    v /= 1024
    u++
  }
  return `${v.toFixed(2)}${units[u]}`
}

function clientCount(s: AdminServer): { connected: number; blocked: number } {
  let [connected, blocked] = [0, 0]
  for (const c of s.clients?.values() ?? []) {
    if (!c.isReplica && !c.isMaster) connected++
    if (c.blocked) blocked++
  }
  return { connected, blocked }
}

const sections: Readonly<Record<string, (s: AdminServer) => string>> = {
  server: (s) => {
    const up = Math.floor((s.host.nowMs - (s.startMs ?? s.startedAtMs ?? s.host.nowMs)) / 1000)
    const mode = s.sentinel ? 'sentinel' : s.config.clusterEnabled ? 'cluster' : 'standalone'
    return lines('Server', [
      ['redis_version', '7.0.15'], ['redis_git_sha1', '00000000'], ['redis_git_dirty', 0], ['redis_build_id', 'ae4d7c971a948f0'], ['redis_mode', mode],
      ['os', 'Linux x86_64'], ['arch_bits', 64], ['monotonic_clock', 'POSIX clock_gettime'], ['multiplexing_api', 'epoll'], ['atomicvar_api', 'c11-builtin'],
      ['gcc_version', '12.2.0'], ['process_id', s.host.env.pid], ['process_supervised', 'no'], ['run_id', s.runid ?? '0'.repeat(40)], ['tcp_port', s.config.port],
      ['server_time_usec', s.host.now], ['uptime_in_seconds', up], ['uptime_in_days', Math.floor(up / 86400)], ['hz', s.config.hz], ['configured_hz', s.config.hz],
      ['lru_clock', Math.floor(s.host.nowMs / 1000) & 0xffffff], ['executable', `${s.host.env.cwd}/redis-server`], ['config_file', s.config.configFile], ['io_threads_active', 0],
    ])
  },
  clients: (s) => {
    const n = clientCount(s)
    return lines('Clients', [
      ['connected_clients', n.connected], ['cluster_connections', 0], ['maxclients', s.config.maxclients], ['client_recent_max_input_buffer', 20480],
      ['client_recent_max_output_buffer', 0], ['blocked_clients', n.blocked], ['tracking_clients', 0], ['clients_in_timeout_table', 0],
    ])
  },
  memory: (s) => lines('Memory', [
    ['maxmemory', s.config.maxmemory], ['maxmemory_human', bytesToHuman(s.config.maxmemory)], ['maxmemory_policy', s.config.maxmemoryPolicy],
    ['mem_allocator', 'jemalloc-5.3.0'], ['active_defrag_running', 0], ['lazyfree_pending_objects', 0], ['lazyfreed_objects', statsOf(s)?.lazyfreedObjects ?? 0],
  ]),
  persistence: (s) => s.rdb?.infoSection() ?? '# Persistence\r\nloading:0\r\n',
  stats: (s) => {
    const t = statsOf(s)
    if (!t) return '# Stats\r\n'
    const rate = (i: number) => t.instantaneous[i]?.rate ?? 0
    const kb = (i: number) => (rate(i) / 1024).toFixed(2)
    return lines('Stats', [
      ['total_connections_received', t.numConnections], ['total_commands_processed', t.numCommands], ['instantaneous_ops_per_sec', rate(0)],
      ['total_net_input_bytes', t.netInputBytes], ['total_net_output_bytes', t.netOutputBytes], ['total_net_repl_input_bytes', t.netReplInputBytes],
      ['total_net_repl_output_bytes', t.netReplOutputBytes], ['instantaneous_input_kbps', kb(1)], ['instantaneous_output_kbps', kb(2)],
      ['instantaneous_input_repl_kbps', kb(3)], ['instantaneous_output_repl_kbps', kb(4)], ['rejected_connections', t.rejectedConnections],
      ['sync_full', t.syncFull], ['sync_partial_ok', t.syncPartialOk], ['sync_partial_err', t.syncPartialErr], ['expired_keys', t.expiredKeys],
      ['expired_stale_perc', t.expiredStalePerc.toFixed(2)], ['expired_time_cap_reached_count', t.expiredTimeCapReachedCount],
      ['expire_cycle_cpu_milliseconds', Math.floor(t.expireCycleTimeUsedMicros / 1000)], ['evicted_keys', t.evictedKeys], ['evicted_clients', t.evictedClients],
      ['total_eviction_exceeded_time', 0], ['current_eviction_exceeded_time', 0], ['keyspace_hits', t.keyspaceHits], ['keyspace_misses', t.keyspaceMisses],
      ['pubsub_channels', s.pubsub?.channels.size ?? 0], ['pubsub_patterns', s.pubsub?.patterns.size ?? 0], ['pubsubshard_channels', 0],
      ['latest_fork_usec', t.forkTimeMicros], ['total_forks', t.totalForks], ['migrate_cached_sockets', 0], ['slave_expires_tracked_keys', 0],
      ['active_defrag_hits', 0], ['active_defrag_misses', 0], ['active_defrag_key_hits', 0], ['active_defrag_key_misses', 0], ['total_active_defrag_time', 0],
      ['current_active_defrag_time', 0], ['tracking_total_keys', 0], ['tracking_total_items', 0], ['tracking_total_prefixes', 0],
      ['unexpected_error_replies', t.unexpectedErrorReplies], ['total_error_replies', t.totalErrorReplies], ['dump_payload_sanitizations', t.dumpPayloadSanitizations],
      ['total_reads_processed', t.totalReadsProcessed], ['total_writes_processed', t.totalWritesProcessed], ['io_threaded_reads_processed', 0],
      ['io_threaded_writes_processed', 0], ['reply_buffer_shrinks', 0], ['reply_buffer_expands', 0],
    ])
  },
  replication: (s) => s.repl?.infoSection() ?? '# Replication\r\nrole:master\r\nconnected_slaves:0\r\n',
  cpu: () => lines('CPU', [['used_cpu_sys', '0.000000'], ['used_cpu_user', '0.000000'], ['used_cpu_sys_children', '0.000000'], ['used_cpu_user_children', '0.000000'], ['used_cpu_sys_main_thread', '0.000000'], ['used_cpu_user_main_thread', '0.000000']]),
  modules: () => '# Modules\r\n',
  sentinel: (s) => s.sentinel?.infoSection() ?? '',
  commandstats: (s) => lines('Commandstats', [...(s.commandStats ?? [])].map(([n, t]) => [`cmdstat_${n}`, `calls=${t.calls},usec=${t.usec},usec_per_call=${(t.calls === 0 ? 0 : t.usec / t.calls).toFixed(2)},rejected_calls=${t.rejected},failed_calls=${t.failed}`] as const)),
  errorstats: (s) => lines('Errorstats', [...(statsOf(s)?.errors ?? [])].map(([n, e]) => [`errorstat_${n}`, `count=${e.count}`] as const)),
  latencystats: () => '# Latencystats\r\n',
  cluster: (s) => lines('Cluster', [['cluster_enabled', s.config.clusterEnabled ? 1 : 0]]),
  keyspace: (s) => lines('Keyspace', s.dbs.flatMap((db, i) => (db.size === 0 ? [] : [[`db${i}`, `keys=${db.size},expires=${db.expires.size},avg_ttl=${Math.floor(db.avgTtlMs)}`] as const]))),
}
const EXTRA = new Set(['commandstats', 'latencystats', 'modules', 'sentinel'])
const SENTINEL_DEFAULT = ['server', 'clients', 'cpu', 'stats', 'sentinel']
const order = Object.keys(sections)

/** The text of INFO for the asked sections; none means the default ones. */
export function infoText(s: AdminServer, asked: readonly Bytes[]): Bytes {
  const want = new Set<string>()
  const defaults = s.sentinel ? SENTINEL_DEFAULT : order.filter((n) => !EXTRA.has(n) || n === 'modules')
  const words = asked.length === 0 ? ['default'] : asked.map((w) => w.toLowerCase())
  for (const w of words) {
    if (w === 'default') for (const n of defaults) want.add(n)
    else if (w === 'all' || w === 'everything') for (const n of s.sentinel ? [...SENTINEL_DEFAULT, 'commandstats', 'errorstats'] : order.filter((x) => x !== 'sentinel')) want.add(n)
    else want.add(w)
  }
  return order.filter((n) => want.has(n)).map((n) => sections[n]?.(s) ?? '').filter((t) => t !== '').join('\r\n')
}
