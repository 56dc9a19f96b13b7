/**
 * The values of all directives as typed fields, with 7.0.15's defaults: `config.hashMaxListpackEntries`. Numbers are in the
 * unit Redis keeps (bytes, seconds or milliseconds as redis.conf says), switches are booleans, unset texts are ''.
 */
export interface BufferLimit {
  hardLimitBytes: number
  softLimitBytes: number
  softLimitSeconds: number
}
export interface OutputBufferLimits {
  normal: BufferLimit
  slave: BufferLimit
  pubsub: BufferLimit
}
export interface SavePoint {
  readonly seconds: number
  readonly changes: number
}

export class ConfigValues {
  rdbchecksum: boolean = true
  daemonize: boolean = false
  ioThreadsDoReads: boolean = false
  alwaysShowLogo: boolean = false
  protectedMode: boolean = true
  rdbcompression: boolean = true
  rdbDelSyncFiles: boolean = false
  activerehashing: boolean = true
  stopWritesOnBgsaveError: boolean = true
  setProcTitle: boolean = true
  dynamicHz: boolean = true
  lazyfreeLazyEviction: boolean = false
  lazyfreeLazyExpire: boolean = false
  lazyfreeLazyServerDel: boolean = false
  lazyfreeLazyUserDel: boolean = false
  lazyfreeLazyUserFlush: boolean = false
  replDisableTcpNodelay: boolean = false
  replDisklessSync: boolean = true
  aofRewriteIncrementalFsync: boolean = true
  noAppendfsyncOnRewrite: boolean = false
  clusterRequireFullCoverage: boolean = true
  rdbSaveIncrementalFsync: boolean = true
  aofLoadTruncated: boolean = true
  aofUseRdbPreamble: boolean = true
  aofTimestampEnabled: boolean = false
  clusterReplicaNoFailover: boolean = false
  replicaLazyFlush: boolean = false
  replicaServeStaleData: boolean = true
  replicaReadOnly: boolean = true
  replicaIgnoreMaxmemory: boolean = true
  jemallocBgThread: boolean = true
  activedefrag: boolean = false
  syslogEnabled: boolean = false
  clusterEnabled: boolean = false
  appendonly: boolean = false
  clusterAllowReadsWhenDown: boolean = false
  clusterAllowPubsubshardWhenDown: boolean = true
  crashLogEnabled: boolean = true
  crashMemcheckEnabled: boolean = true
  useExitOnPanic: boolean = false
  disableThp: boolean = true
  clusterAllowReplicaMigration: boolean = true
  replicaAnnounced: boolean = true
  latencyTracking: boolean = true
  aofDisableAutoGc: boolean = false
  replicaIgnoreDiskWriteErrors: boolean = false
  aclfile: string = ''
  unixsocket: string = ''
  pidfile: string = ''
  replicaAnnounceIp: string = ''
  masteruser: string = ''
  clusterAnnounceIp: string = ''
  clusterConfigFile: string = 'nodes.conf'
  clusterAnnounceHostname: string = ''
  syslogIdent: string = 'redis'
  dbfilename: string = 'dump.rdb'
  appendfilename: string = 'appendonly.aof'
  appenddirname: string = 'appendonlydir'
  serverCpulist: string = ''
  bioCpulist: string = ''
  aofRewriteCpulist: string = ''
  bgsaveCpulist: string = ''
  ignoreWarnings: string = ''
  procTitleTemplate: string = '{title} {listen-addr} {server-mode}'
  bindSourceAddr: string = ''
  logfile: string = ''
  masterauth: string = ''
  requirepass: string = ''
  supervised: 'upstart' | 'systemd' | 'auto' | 'no' = 'no'
  syslogFacility: 'user' | 'local0' | 'local1' | 'local2' | 'local3' | 'local4' | 'local5' | 'local6' | 'local7' =
    'local0'
  replDisklessLoad: 'disabled' | 'on-empty-db' | 'swapdb' = 'disabled'
  loglevel: 'debug' | 'verbose' | 'notice' | 'warning' = 'notice'
  maxmemoryPolicy:
    | 'volatile-lru'
    | 'volatile-lfu'
    | 'volatile-random'
    | 'volatile-ttl'
    | 'allkeys-lru'
    | 'allkeys-lfu'
    | 'allkeys-random'
    | 'noeviction' = 'noeviction'
  appendfsync: 'everysec' | 'always' | 'no' = 'everysec'
  oomScoreAdj: 'no' | 'yes' | 'relative' | 'absolute' = 'no'
  aclPubsubDefault: 'allchannels' | 'resetchannels' = 'resetchannels'
  sanitizeDumpPayload: 'no' | 'yes' | 'clients' = 'no'
  enableProtectedConfigs: 'no' | 'yes' | 'local' = 'no'
  enableDebugCommand: 'no' | 'yes' | 'local' = 'no'
  enableModuleCommand: 'no' | 'yes' | 'local' = 'no'
  clusterPreferredEndpointType: 'ip' | 'hostname' | 'unknown-endpoint' = 'ip'
  propagationErrorBehavior: 'ignore' | 'panic' | 'panic-on-replicas' = 'ignore'
  shutdownOnSigint: readonly string[] = ['default']
  shutdownOnSigterm: readonly string[] = ['default']
  databases: number = 16
  port: number = 6379
  ioThreads: number = 1
  autoAofRewritePercentage: number = 100
  clusterReplicaValidityFactor: number = 10
  listMaxListpackSize: number = -2
  tcpKeepalive: number = 300
  clusterMigrationBarrier: number = 1
  activeDefragCycleMin: number = 1
  activeDefragCycleMax: number = 25
  activeDefragThresholdLower: number = 10
  activeDefragThresholdUpper: number = 100
  lfuLogFactor: number = 10
  lfuDecayTime: number = 1
  replicaPriority: number = 100
  replDisklessSyncDelay: number = 5
  maxmemorySamples: number = 5
  maxmemoryEvictionTenacity: number = 10
  timeout: number = 0
  replicaAnnouncePort: number = 0
  tcpBacklog: number = 511
  clusterPort: number = 0
  clusterAnnounceBusPort: number = 0
  clusterAnnouncePort: number = 0
  clusterAnnounceTlsPort: number = 0
  replTimeout: number = 60
  replPingReplicaPeriod: number = 10
  listCompressDepth: number = 0
  rdbKeySaveDelay: number = 0
  keyLoadDelay: number = 0
  activeExpireEffort: number = 1
  hz: number = 10
  minReplicasToWrite: number = 0
  minReplicasMaxLag: number = 10
  watchdogPeriod: number = 0
  shutdownTimeout: number = 10
  replDisklessSyncMaxReplicas: number = 0
  maxclients: number = 10000
  unixsocketperm: number = 0
  socketMarkId: number = 0
  activeDefragMaxScanFields: number = 1000
  slowlogMaxLen: number = 128
  acllogMaxLen: number = 128
  busyReplyThreshold: number = 5000
  clusterNodeTimeout: number = 15000
  slowlogLogSlowerThan: number = 10000
  latencyMonitorThreshold: number = 0
  protoMaxBulkLen: number = 536870912
  streamNodeMaxEntries: number = 100
  replBacklogSize: number = 1048576
  maxmemory: number = 0
  clusterLinkSendbufLimit: number = 0
  hashMaxListpackEntries: number = 512
  setMaxIntsetEntries: number = 512
  zsetMaxListpackEntries: number = 128
  activeDefragIgnoreBytes: number = 104857600
  hashMaxListpackValue: number = 64
  streamNodeMaxBytes: number = 4096
  zsetMaxListpackValue: number = 64
  hllSparseMaxBytes: number = 3000
  trackingTableMaxKeys: number = 1000000
  clientQueryBufferLimit: number = 1073741824
  maxmemoryClients: number = 0
  replBacklogTtl: number = 3600
  autoAofRewriteMinSize: number = 67108864
  loadingProcessEventsIntervalBytes: number = 2097152
  tlsPort: number = 0
  tlsSessionCacheSize: number = 20480
  tlsSessionCacheTimeout: number = 300
  tlsCluster: boolean = false
  tlsReplication: boolean = false
  tlsAuthClients: 'no' | 'yes' | 'optional' = 'yes'
  tlsPreferServerCiphers: boolean = false
  tlsSessionCaching: boolean = true
  tlsCertFile: string = ''
  tlsKeyFile: string = ''
  tlsKeyFilePass: string = ''
  tlsClientCertFile: string = ''
  tlsClientKeyFile: string = ''
  tlsClientKeyFilePass: string = ''
  tlsDhParamsFile: string = ''
  tlsCaCertFile: string = ''
  tlsCaCertDir: string = ''
  tlsProtocols: string = ''
  tlsCiphers: string = ''
  tlsCiphersuites: string = ''
  dir: string = ''
  save: readonly SavePoint[] = [
    { seconds: 3600, changes: 1 },
    { seconds: 300, changes: 100 },
    { seconds: 60, changes: 10000 },
  ]
  clientOutputBufferLimit: OutputBufferLimits = {
    normal: { hardLimitBytes: 0, softLimitBytes: 0, softLimitSeconds: 0 },
    slave: { hardLimitBytes: 268435456, softLimitBytes: 67108864, softLimitSeconds: 60 },
    pubsub: { hardLimitBytes: 33554432, softLimitBytes: 8388608, softLimitSeconds: 60 },
  }
  oomScoreAdjValues: readonly number[] = [0, 200, 800]
  notifyKeyspaceEvents: string = ''
  bind: readonly string[] = ['*', '-::*']
  replicaof: { readonly host: string; readonly port: number } | null = null
  latencyTrackingInfoPercentiles: readonly number[] = [50, 99, 99.9]
}
