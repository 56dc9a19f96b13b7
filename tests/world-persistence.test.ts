/** What saving and loading cost, and whom: SAVE everybody, BGSAVE nobody; what is on the disk after each kind of end. */
import { expect, test } from 'vitest'
import { type Answer, fieldsOf, ReplicationRig } from './replication-rig.ts'

const FILE = '/var/lib/redis/dump.rdb'
/** How long another client waits for a PONG that it asks for half a millisecond after `argv` was sent. */
function waitBehind(w: ReplicationRig, argv: readonly string[]): number {
  const other = w.send('r1', ['PING'], 'other')
  w.until(() => w.answer(other) === 'PONG', 1, 0.001)
  const asked = w.send('r1', argv)
  w.run(0.0005)
  w.send('r1', ['PING'], 'other')
  const from = w.world.now
  w.until(() => w.answer(other) === 'PONG', 5, 0.0005)
  const waited = w.world.now - from
  w.until(() => w.answer(asked) !== undefined, 5, 0.001)
  return waited
}
const disk = (w: ReplicationRig, server: string): Map<string, string> => w.world.files(server) as Map<string, string>

test('SAVE holds up everybody until the file is on the disk, BGSAVE nobody', () => {
  const w = new ReplicationRig([['save ""']])
  w.call('r1', 'DEBUG', 'POPULATE', '200000')
  expect(waitBehind(w, ['SAVE'])).toBeGreaterThan(50_000)
  expect(disk(w, 'r1').has(FILE)).toBe(true)
  expect(waitBehind(w, ['BGSAVE'])).toBeLessThan(5_000)
  expect(w.info('r1', 'persistence').rdb_bgsave_in_progress).toBe('1')
  expect(w.until(() => w.info('r1', 'persistence').rdb_bgsave_in_progress === '0', 5)).toBe(true)
  w.fault({ type: 'disk', box: 'box-1', freeBytes: null, slowness: 20 })
  expect(waitBehind(w, ['SAVE'])).toBeGreaterThan(150_000)
})

test('a server that loads at start answers -LOADING between the parts, and says how far it is', () => {
  const w = new ReplicationRig([['save ""']])
  w.call('r1', 'DEBUG', 'POPULATE', '200000')
  w.call('r1', 'SAVE')
  w.fault({ type: 'kill', process: 'r1' })
  w.restart('r1', 0.03)
  const name = w.send('r1', ['PING'])
  w.send('r1', ['INFO', 'persistence'])
  let pinged: Answer | undefined
  w.until(() => (pinged = w.answer(name)) !== undefined, 1, 0.001)
  expect(pinged).toBe('(error) LOADING Redis is loading the dataset in memory')
  const info = fieldsOf(w.answer(name))
  expect(info.loading).toBe('1')
  expect(Number(info.loading_loaded_perc)).toBeGreaterThan(0)
  expect(Number(info.loading_loaded_perc)).toBeLessThan(100)
  expect(Object.keys(info).slice(-6)).toEqual([
    'loading_start_time',
    'loading_total_bytes',
    'loading_rdb_used_mem',
    'loading_loaded_bytes',
    'loading_loaded_perc',
    'loading_eta_seconds',
  ])
  expect(w.until(() => w.call('r1', 'PING') === 'PONG', 3, 0.005)).toBe(true)
  expect(w.call('r1', 'DBSIZE')).toBe(200_000)
  expect(w.log('r1').find((l) => l.startsWith('DB loaded from disk'))).toMatch(
    /^DB loaded from disk: 0\.[01]\d\d seconds$/,
  )
  expect(w.info('r1', 'persistence')).toMatchObject({ loading: '0', rdb_last_load_keys_loaded: '200000' })
}, 30_000)

test('BGSAVE counts the pages that are copied because of it', () => {
  const cow = (touched: number): number => {
    const w = new ReplicationRig([['save ""']])
    w.call('r1', 'DEBUG', 'POPULATE', '30000')
    w.call('r1', 'BGSAVE')
    for (let i = 0; i < touched; i++) w.send('r1', ['SET', `key:${i}`, 'new'])
    w.until(() => w.info('r1', 'persistence').rdb_bgsave_in_progress === '0', 5)
    expect(w.log('r1')).toContain('DB saved on disk')
    return Number(w.info('r1', 'persistence').rdb_last_cow_size)
  }
  const [none, few, many] = [cow(0), cow(10), cow(200)]
  expect(none).toBeGreaterThan(0)
  expect(few - none).toBe(10 * 8192)
  expect(many - none).toBe(200 * 8192)
})

test('rdbchecksum no writes eight zeros; with a checksum a changed byte stops the start, without one it does not', () => {
  const run = (checksum: 'yes' | 'no'): { tail: string; log: string[]; value: Answer | undefined } => {
    const w = new ReplicationRig([['save ""', `rdbchecksum ${checksum}`]])
    w.call('r1', 'SET', 'key', 'value-1')
    w.call('r1', 'SAVE')
    w.fault({ type: 'kill', process: 'r1' })
    w.run(0.1)
    const bytes = disk(w, 'r1').get(FILE) ?? ''
    disk(w, 'r1').set(FILE, bytes.replace('value-1', 'value-2'))
    w.restart('r1')
    const dead = w.world.status('r1').state !== 'running'
    return { tail: bytes.slice(-8), log: w.log('r1'), value: dead ? undefined : w.call('r1', 'GET', 'key') }
  }
  const without = run('no')
  expect(without.tail).toBe('\0'.repeat(8))
  expect(without.value).toBe('value-2')
  const with_ = run('yes')
  expect(with_.tail).not.toBe('\0'.repeat(8))
  expect(with_.value).toBe(undefined)
  expect(
    with_.log.some((l) =>
      /^Wrong RDB checksum expected: \([0-9a-f]+\) but got \([0-9a-f]+\)\. Aborting now\.$/.test(l),
    ),
  ).toBe(true)
})

test('kill -9 loses what was not saved, SIGTERM nothing; after a power cut the last complete file is there', () => {
  const w = new ReplicationRig([['save 3600 1']])
  w.call('r1', 'SET', 'a', '1')
  w.call('r1', 'SAVE')
  w.call('r1', 'SET', 'b', '1')
  w.fault({ type: 'kill', process: 'r1' })
  w.restart('r1')
  expect([w.call('r1', 'GET', 'a'), w.call('r1', 'GET', 'b')]).toEqual(['1', null])
  w.call('r1', 'SET', 'b', '2')
  w.fault({ type: 'term', process: 'r1' })
  w.run(0.2)
  expect(w.world.status('r1')).toMatchObject({ state: 'exited', exitCode: 0 })
  w.restart('r1')
  expect(w.call('r1', 'GET', 'b')).toBe('2')
  w.call('r1', 'SET', 'c', '1')
  w.fault({ type: 'power', box: 'box-1' })
  w.run(0.1)
  w.restart('r1')
  expect([w.call('r1', 'GET', 'b'), w.call('r1', 'GET', 'c')]).toEqual(['2', null])
})

test('a full disk fails the save, not the server; with room again the next one succeeds', () => {
  const w = new ReplicationRig([['save 1 1']])
  w.call('r1', 'SET', 'a', 'x'.repeat(5000))
  w.fault({ type: 'disk', box: 'box-1', freeBytes: 10 })
  expect(w.call('r1', 'SAVE')).toBe('(error) ERR')
  w.call('r1', 'BGSAVE')
  w.run(0.5)
  expect(w.info('r1', 'persistence').rdb_last_bgsave_status).toBe('err')
  expect(String(w.call('r1', 'SET', 'b', '1'))).toMatch(/^\(error\) MISCONF /)
  w.fault({ type: 'disk', box: 'box-1', freeBytes: null })
  w.run(8)
  expect(w.info('r1', 'persistence').rdb_last_bgsave_status).toBe('ok')
  expect(w.call('r1', 'SET', 'b', '1')).toBe('OK')
})

test('CONFIG REWRITE to a full disk is an error, and the old file stays', () => {
  const w = new ReplicationRig([['save ""']])
  const before = disk(w, 'r1').get('/etc/redis/redis.conf')
  w.fault({ type: 'disk', box: 'box-1', freeBytes: 0 })
  w.call('r1', 'CONFIG', 'SET', 'maxmemory', '100mb')
  expect(String(w.call('r1', 'CONFIG', 'REWRITE'))).toBe('(error) ERR Rewriting config file: No space left on device')
  expect(disk(w, 'r1').get('/etc/redis/redis.conf')).toBe(before)
})

test('DEBUG SLEEP: the process does nothing for that long, and whoever asks waits', () => {
  const w = new ReplicationRig([[]])
  const waited = waitBehind(w, ['DEBUG', 'SLEEP', '1.5'])
  expect(waited).toBeGreaterThan(1_490_000)
  expect(waited).toBeLessThan(1_510_000)
})

test('SAVE in the middle of a pipeline: replies keep their order', () => {
  const w = new ReplicationRig([['save ""']])
  const name = w.send('r1', ['SET', 'a', '1'])
  w.send('r1', ['SAVE'])
  w.send('r1', ['GET', 'a'])
  w.run(0.1)
  expect([w.answer(name), w.answer(name), w.answer(name)]).toEqual(['OK', 'OK', '1'])
})
