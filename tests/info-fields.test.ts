/** INFO: every section and field of 7.0.15 in its order, and each of them moves when what it tells of happens. */
import { expect, test } from 'vitest'
import names from './info-fields-7.0.15.json' with { type: 'json' }
import { encode, Ours } from './oracle/servers.ts'
import { kb, pair } from './replication-rig.ts'

function boot() {
  const ours = new Ours()
  const ask = (...argv: string[]): string => ours.say(1, encode(argv)).get(1) ?? ''
  const from = (conn: number, ...argv: string[]): string => ours.say(conn, encode(argv)).get(conn) ?? ''
  const text = (...sections: string[]): string => ask('INFO', ...sections)
  const field = (name: string): string =>
    new RegExp(`^${name.replaceAll('|', '\\|')}:(.*)$`, 'm').exec(text('everything'))?.[1]?.trim() ?? ''
  const number = (name: string): number => Number.parseFloat(field(name))
  return { ours, ask, from, text, field, number }
}
const many = (n: number): string[] => Array.from({ length: n }, (_, i) => `m${i}`)

test('sections and fields are those of 7.0.15, in its order', () => {
  const { ask, text } = boot()
  const sections = (reply: string): Record<string, string[]> => {
    const found: Record<string, string[]> = {}
    let now: string[] = []
    for (const line of reply.split('\r\n').slice(1)) {
      if (line.startsWith('# ')) found[line.slice(2)] = now = []
      else if (line.includes(':')) now.push(line.slice(0, line.indexOf(':')))
    }
    return found
  }
  const all = sections(text('everything'))
  expect(Object.keys(all)).toEqual(Object.keys(names))
  for (const [title, fields] of Object.entries(names as Record<string, string[]>))
    if (fields.length > 0) expect([title, all[title]]).toEqual([title, fields])
  expect(Object.keys(sections(text()))).toEqual(
    Object.keys(names).filter((s) => s !== 'Commandstats' && s !== 'Latencystats'),
  )
  expect(Object.keys(sections(text('all')))).toEqual(Object.keys(names))
  for (const title of Object.keys(names)) {
    const only = sections(ask('INFO', title.toUpperCase()))
    expect(Object.keys(only)).toEqual([title])
  }
  expect(Object.keys(sections(text('memory', 'nosuch', 'cpu', 'memory')))).toEqual(['Memory', 'CPU'])
})

/** What must have grown, by which request(s). */
const GROWS: readonly (readonly [fields: string, ...requests: string[]])[] = [
  ['total_commands_processed', 'PING'],
  ['total_net_input_bytes total_net_output_bytes total_reads_processed total_writes_processed', 'PING'],
  ['keyspace_hits', 'SET k v', 'GET k'],
  ['keyspace_misses', 'GET nosuch'],
  ['total_error_replies', 'NOSUCH'],
  ['total_error_replies', 'LPUSH'],
  ['rdb_changes_since_last_save', 'SET k v'],
  ['rdb_saves', 'SAVE'],
  ['total_forks latest_fork_usec', 'SET k v', 'BGSAVE', '@2000'],
  ['pubsub_channels', 'SUBSCRIBE c'],
  ['pubsub_patterns', 'PSUBSCRIBE c*'],
  ['pubsubshard_channels', 'SSUBSCRIBE c'],
  ['tracking_clients tracking_total_keys tracking_total_items', 'SET k v', 'HELLO 3', 'CLIENT TRACKING on', 'GET k'],
  ['tracking_total_prefixes', 'HELLO 3', 'CLIENT TRACKING on BCAST PREFIX a PREFIX b'],
  ['blocked_clients clients_in_timeout_table', 'BLPOP q 100'],
  ['expired_keys', 'SET k v PX 10', '@500'],
  ['used_memory used_memory_dataset used_memory_overhead used_memory_rss', `SET k ${'x'.repeat(1e6)}`],
  ['allocator_allocated allocator_active allocator_resident', `SET k ${'x'.repeat(1e6)}`],
  ['used_memory_peak', `SET k ${'x'.repeat(1e6)}`, '@200'],
  ['mem_clients_normal', 'SELECT 1', '&PING'],
  ['used_memory_scripts_eval number_of_cached_scripts used_memory_scripts', 'EVAL return\\ 1 0'],
  [
    'used_memory_vm_eval used_memory_vm_total used_memory_lua',
    `EVAL local\\ x={}\\ for\\ i=1,1e4\\ do\\ x[i]={i}\\ end 0`,
    '@1000',
  ],
  ['used_cpu_user used_cpu_user_main_thread', 'DEBUG SLEEP 0.1'],
  ['uptime_in_seconds server_time_usec lru_clock', '@3000'],
  ['instantaneous_ops_per_sec instantaneous_input_kbps instantaneous_output_kbps', `ECHO ${'x'.repeat(20000)}`, '@150'],
  ['client_recent_max_input_buffer', `ECHO ${'x'.repeat(40000)}`, '@150'],
  ['reply_buffer_shrinks', '@7000'],
  ['maxmemory', 'CONFIG SET maxmemory 100mb'],
]
test.each(GROWS)('%s', (fields, ...requests) => {
  const { ours, ask, from, number } = boot()
  from(2, 'PING')
  if (fields.includes('instantaneous')) ours.advance(500)
  const before = fields.split(' ').map(number)
  for (const r of requests) {
    if (r.startsWith('&')) from(3, r.slice(1))
    else if (r.startsWith('@')) ours.advance(Number(r.slice(1)))
    else from(2, ...r.split(/(?<!\\) /).map((w) => w.replaceAll('\\ ', ' ')))
  }
  fields.split(' ').forEach((name, i) => {
    expect([name, number(name) > before[i]!]).toEqual([name, true])
  })
  expect(ask('PING')).toBe('+PONG\r\n')
})

test('connections: accepted, refused, counted, closed', () => {
  const { ours, ask, from, number } = boot()
  const before = number('total_connections_received')
  for (const c of [2, 3, 4]) from(c, 'PING')
  expect([number('connected_clients'), number('total_connections_received') - before]).toEqual([4, 3])
  ask('CONFIG', 'SET', 'maxclients', '4')
  expect(from(5, 'PING')).toBe('-ERR max number of clients reached\r\n')
  expect([number('rejected_connections'), number('maxclients')]).toEqual([1, 4])
  ask('CLIENT', 'KILL', 'SKIPME', 'yes')
  ours.advance(10)
  expect(number('connected_clients')).toBe(1)
})
test('expiry: the share of stale keys, the time cap, the time it took', () => {
  const { ours, ask, number } = boot()
  ask('DEBUG', 'SET-ACTIVE-EXPIRE', '0')
  for (let i = 0; i < 60; i++)
    ask('EVAL', "for i=1,1000 do redis.call('SET',ARGV[1]..':'..i,'v','PX',10) end", '0', `${i}`)
  ours.advance(1000)
  expect(number('expired_keys')).toBe(0)
  ask('DEBUG', 'SET-ACTIVE-EXPIRE', '1')
  ours.advance(150)
  expect(number('expired_time_cap_reached_count')).toBeGreaterThan(0)
  expect(number('expired_stale_perc')).toBeGreaterThan(0)
  ours.advance(5000)
  expect(number('expired_keys')).toBe(60_000)
  expect(number('expire_cycle_cpu_milliseconds')).toBeGreaterThan(0)
})
test('eviction: keys, and for how long memory was over the limit', () => {
  const { ours, ask, field, number } = boot()
  for (let i = 0; i < 100; i++) ask('SET', `k${i}`, kb(1))
  ask('CONFIG', 'SET', 'maxmemory', String(number('used_memory') - 20_000))
  expect(ask('SET', 'new', 'v')).toContain('OOM')
  ours.advance(500)
  expect(number('current_eviction_exceeded_time')).toBeGreaterThanOrEqual(500)
  expect(number('total_eviction_exceeded_time')).toBe(number('current_eviction_exceeded_time'))
  ask('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random')
  expect(ask('SET', 'new', 'v')).toBe('+OK\r\n')
  ask('SET', 'new', 'v')
  expect([number('current_eviction_exceeded_time'), field('maxmemory_policy')]).toEqual([0, 'allkeys-random'])
  expect(number('total_eviction_exceeded_time')).toBeGreaterThanOrEqual(500)
  expect(number('evicted_keys')).toBeGreaterThan(10)
  ask('CONFIG', 'RESETSTAT')
  expect([number('evicted_keys'), number('total_eviction_exceeded_time')]).toEqual([0, 0])
})
test('evicted_clients, by maxmemory-clients', () => {
  const { ours, ask, from, number } = boot()
  from(2, 'MULTI')
  for (let i = 0; i < 20; i++) from(2, 'SET', 'k', kb(50))
  ask('CONFIG', 'SET', 'maxmemory-clients', '300kb')
  ours.advance(200)
  expect(number('evicted_clients')).toBe(1)
})
test('errors by their first word; calls that failed and calls that were refused', () => {
  const { ask, field, number } = boot()
  ask('SET', 's', 'v')
  ask('LPUSH', 's', 'x')
  ask('GET')
  ask('NOSUCH')
  ask('EVAL', "return redis.error_reply('MINE it is')", '0')
  expect(field('errorstat_WRONGTYPE')).toBe('count=1')
  expect(field('errorstat_ERR')).toBe('count=2')
  expect(field('errorstat_MINE')).toBe('count=1')
  expect(number('total_error_replies')).toBe(4)
  expect(field('cmdstat_lpush')).toMatch(/^calls=1,usec=\d+,usec_per_call=\d+\.\d\d,rejected_calls=0,failed_calls=1$/)
  expect(field('cmdstat_get')).toMatch(/^calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0$/)
  ask('CONFIG', 'GET', 'port')
  expect(field('cmdstat_config|get')).toMatch(/^calls=1,/)
  ask('CONFIG', 'RESETSTAT')
  expect([field('errorstat_ERR'), field('cmdstat_lpush'), number('total_error_replies')]).toEqual(['', '', 0])
})
test('latencystats: the percentiles that were asked for, and none without tracking', () => {
  const { ask, field } = boot()
  for (let i = 0; i < 100; i++) ask('GET', 'k')
  expect(field('latency_percentiles_usec_get')).toMatch(/^p50=\d+\.\d{3},p99=\d+\.\d{3},p99\.9=\d+\.\d{3}$/)
  ask('CONFIG', 'SET', 'latency-tracking-info-percentiles', '10 100')
  expect(field('latency_percentiles_usec_get')).toMatch(/^p10=\d+\.\d{3},p100=\d+\.\d{3}$/)
  ask('CONFIG', 'SET', 'latency-tracking', 'no')
  expect(field('latency_percentiles_usec_get')).toBe('')
})
test('functions and libraries take memory as in 7.0.15', () => {
  const { ask, number } = boot()
  const load = (name: string, f: string): string =>
    ask('FUNCTION', 'LOAD', `#!lua name=${name}\nredis.register_function("${f}", function() return 1 end)`)
  const seen = [number('used_memory_functions')]
  for (const [name, f] of [
    ['lib', 'f'],
    ['lib2', 'g'],
  ] as const) {
    load(name, f)
    seen.push(number('used_memory_functions'))
  }
  // Measured on a real one.
  expect(seen).toEqual([200, 440, 648])
  expect([number('number_of_functions'), number('number_of_libraries')]).toEqual([2, 2])
  expect(number('used_memory_vm_functions')).toBeGreaterThan(0)
})
test('reply buffers grow again for who needs them', () => {
  const { ours, from, number } = boot()
  from(2, 'PING')
  ours.advance(20_000)
  expect(number('reply_buffer_shrinks')).toBeGreaterThan(0)
  for (let i = 0; i < 20; i++) {
    from(2, 'ECHO', kb(8))
    ours.advance(100)
  }
  expect(number('reply_buffer_expands')).toBeGreaterThan(0)
})
test('a payload that RESTORE looks into is counted', () => {
  const { ask, from, number } = boot()
  ask('HSET', 'h', 'a', '1')
  const dump = /\$\d+\r\n([\s\S]*)\r\n$/.exec(from(2, 'DUMP', 'h'))?.[1] ?? ''
  ask('CONFIG', 'SET', 'sanitize-dump-payload', 'yes')
  expect(from(2, 'RESTORE', 'copy', '0', dump)).toBe('+OK\r\n')
  expect(number('dump_payload_sanitizations')).toBe(1)
})
test('keyspace: keys, those with a time, how long they live on average', () => {
  const { ours, ask, field } = boot()
  for (const k of many(10)) ask('SET', k, 'v', 'EX', '100')
  ask('SET', 'x', 'v')
  ask('SELECT', '3')
  ask('SET', 'x', 'v')
  ours.advance(300)
  expect(field('db0')).toMatch(/^keys=11,expires=10,avg_ttl=99\d\d\d$/)
  expect(field('db3')).toBe('keys=1,expires=0,avg_ttl=0')
  expect(field('db1')).toBe('')
})
test('what a server is: its version, process, port, ids', () => {
  const { ask, field } = boot()
  expect(field('redis_version')).toBe('7.0.15')
  expect(field('run_id')).toMatch(/^[0-9a-f]{40}$/)
  expect([field('tcp_port'), field('process_id'), field('redis_mode'), field('arch_bits')]).toEqual([
    '6379',
    '1',
    'standalone',
    '64',
  ])
  ask('CONFIG', 'SET', 'hz', '50')
  expect(field('configured_hz')).toBe('50')
  expect(field('master_replid')).toMatch(/^[0-9a-f]{40}$/)
})
test('replication: roles, links, offsets, bytes on the wire', () => {
  const w = pair()
  w.synced('r2')
  const info = (node: string, name: string): string =>
    new RegExp(`^${name}:(.*)$`, 'm').exec(String(w.call(node, 'INFO', 'everything')))?.[1]?.trim() ?? ''
  expect([info('r1', 'role'), info('r2', 'role'), info('r1', 'connected_slaves')]).toEqual(['master', 'slave', '1'])
  expect([info('r1', 'sync_full'), info('r2', 'master_link_status')]).toEqual(['1', 'up'])
  const sent = Number(info('r1', 'total_net_repl_output_bytes'))
  w.call('r1', 'SET', 'k', kb(4))
  w.run(3)
  expect(Number(info('r1', 'total_net_repl_output_bytes')) - sent).toBeGreaterThan(4096)
  expect(Number(info('r2', 'total_net_repl_input_bytes'))).toBeGreaterThan(4096)
  expect(info('r1', 'repl_backlog_active')).toBe('1')
  expect(Number(info('r1', 'mem_replication_backlog'))).toBeGreaterThan(0)
  expect(Number(info('r1', 'mem_total_replication_buffers'))).toBeGreaterThan(0)
  expect(info('r1', 'slave0')).toMatch(/^ip=.*,state=online,offset=\d+,lag=[01]$/)
  // A writable replica's own keys.
  w.call('r2', 'CONFIG', 'SET', 'replica-read-only', 'no')
  w.call('r2', 'SET', 'mine', 'v', 'PX', '2000')
  w.call('r2', 'SET', 'lasting', 'v', 'EX', '1000')
  expect(info('r2', 'slave_expires_tracked_keys')).toBe('2')
  w.run(4)
  expect([info('r2', 'slave_expires_tracked_keys'), w.call('r2', 'DBSIZE')]).toEqual(['1', 2])
})
