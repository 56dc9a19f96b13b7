/**
 * Every directive of redis.conf 7.0.15 as a row: name, kind, default, limits and flags. CONFIG GET, CONFIG SET, CONFIG
 * REWRITE, the config file parser and the command line all work from these rows; nothing about a directive is said twice.
 *
 *   immutable   only in the file or on the command line       protected  CONFIG SET needs enable-protected-configs
 *   hidden      CONFIG GET shows it only by its whole name    multi      takes several words
 *   denyLoading refused while a data set is being loaded      memory     10mb, 1gb; percent: 5%; octal: 700
 */
export type ConfigKind = 'bool' | 'string' | 'enum' | 'flags' | 'number' | 'special'
export interface Directive {
  readonly name: string
  readonly alias?: string
  readonly kind: ConfigKind
  /** The field of Config that holds the value. */
  readonly field: string
  readonly def: unknown
  readonly flags: string
  readonly min?: bigint
  readonly max?: bigint
  readonly values?: readonly string[]
}

const INT_MAX = 2147483647n
const INT_MIN = -2147483648n
const UINT_MAX = 4294967295n
const LL_MAX = 9223372036854775807n
const ULL_MAX = 18446744073709551615n
const MB = 1048576

export const camel = (name: string): string => name.replace(/[-_]([a-z])/g, (_, c: string) => c.toUpperCase())
const row = (name: string, kind: ConfigKind, def: unknown, flags: string, more: Partial<Directive> = {}): Directive => {
  const [first = '', alias] = name.split(' ')
  return { name: first, ...(alias ? { alias } : {}), kind, field: camel(first), def, flags, ...more }
}
const bool = (name: string, def: boolean, flags = '') => row(name, 'bool', def, flags)
const str = (name: string, def = '', flags = '') => row(name, 'string', def, flags)
const oneOf = (name: string, def: string, values: string, flags = '') =>
  row(name, 'enum', def, flags, { values: values.split(' ') })
const num = (name: string, def: number, min: bigint, max: bigint, flags = '') =>
  row(name, 'number', def, flags, { min, max })
const special = (name: string, def: unknown, flags = '') => row(name, 'special', def, flags)

const YES_NO_LOCAL = 'no yes local'
const SIGNAL_ACTIONS = 'default save nosave now force'

export const directives: readonly Directive[] = [
  bool('rdbchecksum', true, 'immutable'),
  bool('daemonize', false, 'immutable'),
  bool('io-threads-do-reads', false, 'immutable'),
  bool('always-show-logo', false, 'immutable'),
  bool('protected-mode', true),
  bool('rdbcompression', true),
  bool('rdb-del-sync-files', false),
  bool('activerehashing', true),
  bool('stop-writes-on-bgsave-error', true),
  bool('set-proc-title', true, 'immutable'),
  bool('dynamic-hz', true),
  bool('lazyfree-lazy-eviction', false),
  bool('lazyfree-lazy-expire', false),
  bool('lazyfree-lazy-server-del', false),
  bool('lazyfree-lazy-user-del', false),
  bool('lazyfree-lazy-user-flush', false),
  bool('repl-disable-tcp-nodelay', false),
  bool('repl-diskless-sync', true),
  bool('aof-rewrite-incremental-fsync', true),
  bool('no-appendfsync-on-rewrite', false),
  bool('cluster-require-full-coverage', true),
  bool('rdb-save-incremental-fsync', true),
  bool('aof-load-truncated', true),
  bool('aof-use-rdb-preamble', true),
  bool('aof-timestamp-enabled', false),
  bool('cluster-replica-no-failover cluster-slave-no-failover', false),
  bool('replica-lazy-flush slave-lazy-flush', false),
  bool('replica-serve-stale-data slave-serve-stale-data', true),
  bool('replica-read-only slave-read-only', true),
  bool('replica-ignore-maxmemory slave-ignore-maxmemory', true),
  bool('jemalloc-bg-thread', true),
  bool('activedefrag', false),
  bool('syslog-enabled', false, 'immutable'),
  bool('cluster-enabled', false, 'immutable'),
  bool('appendonly', false, 'denyLoading'),
  bool('cluster-allow-reads-when-down', false),
  bool('cluster-allow-pubsubshard-when-down', true),
  bool('crash-log-enabled', true),
  bool('crash-memcheck-enabled', true),
  bool('use-exit-on-panic', false, 'hidden'),
  bool('disable-thp', true, 'immutable'),
  bool('cluster-allow-replica-migration', true),
  bool('replica-announced', true),
  bool('latency-tracking', true),
  bool('aof-disable-auto-gc', false),
  bool('replica-ignore-disk-write-errors', false),
  str('aclfile', '', 'immutable'),
  str('unixsocket', '', 'immutable'),
  str('pidfile', '', 'immutable'),
  str('replica-announce-ip slave-announce-ip'),
  str('masteruser', '', 'sensitive'),
  str('cluster-announce-ip'),
  str('cluster-config-file', 'nodes.conf', 'immutable'),
  str('cluster-announce-hostname'),
  str('syslog-ident', 'redis', 'immutable'),
  str('dbfilename', 'dump.rdb', 'protected'),
  str('appendfilename', 'appendonly.aof', 'immutable'),
  str('appenddirname', 'appendonlydir', 'immutable'),
  str('server_cpulist', '', 'immutable'),
  str('bio_cpulist', '', 'immutable'),
  str('aof_rewrite_cpulist', '', 'immutable'),
  str('bgsave_cpulist', '', 'immutable'),
  str('ignore-warnings'),
  str('proc-title-template', '{title} {listen-addr} {server-mode}'),
  str('bind-source-addr'),
  str('logfile', '', 'immutable'),
  str('masterauth', '', 'sensitive'),
  str('requirepass', '', 'sensitive'),
  oneOf('supervised', 'no', 'upstart systemd auto no', 'immutable'),
  oneOf('syslog-facility', 'local0', 'user local0 local1 local2 local3 local4 local5 local6 local7', 'immutable'),
  oneOf('repl-diskless-load', 'disabled', 'disabled on-empty-db swapdb', 'denyLoading'),
  oneOf('loglevel', 'notice', 'debug verbose notice warning'),
  oneOf(
    'maxmemory-policy',
    'noeviction',
    'volatile-lru volatile-lfu volatile-random volatile-ttl allkeys-lru allkeys-lfu allkeys-random noeviction',
  ),
  oneOf('appendfsync', 'everysec', 'everysec always no'),
  oneOf('oom-score-adj', 'no', 'no yes relative absolute'),
  oneOf('acl-pubsub-default', 'resetchannels', 'allchannels resetchannels'),
  oneOf('sanitize-dump-payload', 'no', 'no yes clients'),
  oneOf('enable-protected-configs', 'no', YES_NO_LOCAL, 'immutable'),
  oneOf('enable-debug-command', 'no', YES_NO_LOCAL, 'immutable'),
  oneOf('enable-module-command', 'no', YES_NO_LOCAL, 'immutable'),
  oneOf('cluster-preferred-endpoint-type', 'ip', 'ip hostname unknown-endpoint'),
  oneOf('propagation-error-behavior', 'ignore', 'ignore panic panic-on-replicas'),
  row('shutdown-on-sigint', 'flags', ['default'], 'multi', { values: SIGNAL_ACTIONS.split(' ') }),
  row('shutdown-on-sigterm', 'flags', ['default'], 'multi', { values: SIGNAL_ACTIONS.split(' ') }),
  num('databases', 16, 1n, INT_MAX, 'immutable'),
  num('port', 6379, 0n, 65535n),
  num('io-threads', 1, 1n, 128n, 'immutable'),
  num('auto-aof-rewrite-percentage', 100, 0n, INT_MAX),
  num('cluster-replica-validity-factor cluster-slave-validity-factor', 10, 0n, INT_MAX),
  num('list-max-listpack-size list-max-ziplist-size', -2, INT_MIN, INT_MAX),
  num('tcp-keepalive', 300, 0n, INT_MAX),
  num('cluster-migration-barrier', 1, 0n, INT_MAX),
  num('active-defrag-cycle-min', 1, 1n, 99n),
  num('active-defrag-cycle-max', 25, 1n, 99n),
  num('active-defrag-threshold-lower', 10, 0n, 1000n),
  num('active-defrag-threshold-upper', 100, 0n, 1000n),
  num('lfu-log-factor', 10, 0n, INT_MAX),
  num('lfu-decay-time', 1, 0n, INT_MAX),
  num('replica-priority slave-priority', 100, 0n, INT_MAX),
  num('repl-diskless-sync-delay', 5, 0n, INT_MAX),
  num('maxmemory-samples', 5, 1n, INT_MAX),
  num('maxmemory-eviction-tenacity', 10, 0n, 100n),
  num('timeout', 0, 0n, INT_MAX),
  num('replica-announce-port slave-announce-port', 0, 0n, 65535n),
  num('tcp-backlog', 511, 0n, INT_MAX, 'immutable'),
  num('cluster-port', 0, 0n, 65535n, 'immutable'),
  num('cluster-announce-bus-port', 0, 0n, 65535n),
  num('cluster-announce-port', 0, 0n, 65535n),
  num('cluster-announce-tls-port', 0, 0n, 65535n),
  num('repl-timeout', 60, 1n, INT_MAX),
  num('repl-ping-replica-period repl-ping-slave-period', 10, 1n, INT_MAX),
  num('list-compress-depth', 0, 0n, INT_MAX),
  num('rdb-key-save-delay', 0, INT_MIN, INT_MAX, 'hidden'),
  num('key-load-delay', 0, INT_MIN, INT_MAX, 'hidden'),
  num('active-expire-effort', 1, 1n, 10n),
  num('hz', 10, 0n, INT_MAX),
  num('min-replicas-to-write min-slaves-to-write', 0, 0n, INT_MAX),
  num('min-replicas-max-lag min-slaves-max-lag', 10, 0n, INT_MAX),
  num('watchdog-period', 0, 0n, INT_MAX, 'hidden'),
  num('shutdown-timeout', 10, 0n, INT_MAX),
  num('repl-diskless-sync-max-replicas', 0, 0n, INT_MAX),
  num('maxclients', 10000, 1n, UINT_MAX),
  num('unixsocketperm', 0, 0n, 511n, 'immutable octal'),
  num('socket-mark-id', 0, 0n, UINT_MAX, 'immutable'),
  num('active-defrag-max-scan-fields', 1000, 1n, LL_MAX),
  num('slowlog-max-len', 128, 0n, LL_MAX),
  num('acllog-max-len', 128, 0n, LL_MAX),
  num('busy-reply-threshold lua-time-limit', 5000, 0n, LL_MAX),
  num('cluster-node-timeout', 15000, 0n, LL_MAX),
  num('slowlog-log-slower-than', 10000, -1n, LL_MAX),
  num('latency-monitor-threshold', 0, 0n, LL_MAX),
  num('proto-max-bulk-len', 512 * MB, 1048576n, LL_MAX, 'memory'),
  num('stream-node-max-entries', 100, 0n, LL_MAX),
  num('repl-backlog-size', MB, 1n, LL_MAX, 'memory'),
  num('maxmemory', 0, 0n, ULL_MAX, 'memory'),
  num('cluster-link-sendbuf-limit', 0, 0n, ULL_MAX, 'memory'),
  num('hash-max-listpack-entries hash-max-ziplist-entries', 512, 0n, LL_MAX),
  num('set-max-intset-entries', 512, 0n, LL_MAX),
  num('zset-max-listpack-entries zset-max-ziplist-entries', 128, 0n, LL_MAX),
  num('active-defrag-ignore-bytes', 100 * MB, 1n, LL_MAX, 'memory'),
  num('hash-max-listpack-value hash-max-ziplist-value', 64, 0n, LL_MAX, 'memory'),
  num('stream-node-max-bytes', 4096, 0n, LL_MAX, 'memory'),
  num('zset-max-listpack-value zset-max-ziplist-value', 64, 0n, LL_MAX, 'memory'),
  num('hll-sparse-max-bytes', 3000, 0n, LL_MAX, 'memory'),
  num('tracking-table-max-keys', 1000000, 0n, LL_MAX),
  num('client-query-buffer-limit', 1024 * MB, 1048576n, LL_MAX, 'memory'),
  num('maxmemory-clients', 0, -100n, LL_MAX, 'memory percent'),
  num('repl-backlog-ttl', 3600, 0n, LL_MAX),
  num('auto-aof-rewrite-min-size', 64 * MB, 0n, LL_MAX, 'memory'),
  num('loading-process-events-interval-bytes', 2 * MB, 1024n, INT_MAX, 'hidden'),
  num('tls-port', 0, 0n, 65535n),
  num('tls-session-cache-size', 20480, 0n, INT_MAX),
  num('tls-session-cache-timeout', 300, 0n, INT_MAX),
  bool('tls-cluster', false),
  bool('tls-replication', false),
  oneOf('tls-auth-clients', 'yes', 'no yes optional'),
  bool('tls-prefer-server-ciphers', false),
  bool('tls-session-caching', true),
  str('tls-cert-file'),
  str('tls-key-file'),
  str('tls-key-file-pass', '', 'sensitive'),
  str('tls-client-cert-file'),
  str('tls-client-key-file'),
  str('tls-client-key-file-pass', '', 'sensitive'),
  str('tls-dh-params-file'),
  str('tls-ca-cert-file'),
  str('tls-ca-cert-dir'),
  str('tls-protocols'),
  str('tls-ciphers'),
  str('tls-ciphersuites'),
  special('dir', '', 'protected denyLoading'),
  special(
    'save',
    [
      [3600, 1],
      [300, 100],
      [60, 10000],
    ],
    'multi',
  ),
  special('client-output-buffer-limit', null, 'multi'),
  special('oom-score-adj-values', [0, 200, 800], 'multi'),
  special('notify-keyspace-events', ''),
  special('bind', ['*', '-::*'], 'multi'),
  special('replicaof slaveof', null, 'immutable multi'),
  special('latency-tracking-info-percentiles', [50, 99, 99.9], 'multi'),
]

/** By name and by alias. */
export const directiveByName: ReadonlyMap<string, Directive> = new Map(
  directives.flatMap((d): [string, Directive][] =>
    d.alias
      ? [
          [d.name, d],
          [d.alias, d],
        ]
      : [[d.name, d]],
  ),
)
