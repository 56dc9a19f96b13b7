/** The Structures screen against facts: each encoding is made in the terminal and read off the screen. */
import { expect, screenText, serious, test } from './page.ts'
import { keyPane, keyspace, open, openStructures, rehashidx, rowsOf, type } from './structures-page.ts'

test.beforeEach(({ page }) => openStructures(page))

test('a rehash is seen: two tables, rehashidx moves with each command, then one table is left', async ({ page }) => {
  await type(page, 'CONFIG SET activerehashing no', ...Array.from({ length: 9 }, (_, i) => `SET key:${i} v`))
  await expect(keyspace(page)).toContainText('rehashing')
  await expect(keyspace(page).locator('.sum')).toContainText('ht[0] has 8 buckets')
  await expect(keyspace(page).locator('.sum')).toContainText('ht[1] has 16 buckets')
  const before = await rehashidx(page)
  expect(before).toBeGreaterThanOrEqual(0)
  // Looking moves nothing.
  await page.waitForTimeout(400)
  expect(await rehashidx(page)).toBe(before)
  await type(page, 'GET key:1')
  await expect.poll(() => rehashidx(page)).toBeGreaterThan(before)
  const rows = await rowsOf(page, 'keyspace')
  const keys = rows.flatMap((r) => (r[3] ?? '').split(', ').filter((k) => k !== ''))
  expect(keys.sort()).toEqual(Array.from({ length: 9 }, (_, i) => `key:${i}`))
  await type(page, ...Array.from({ length: 9 }, () => 'EXISTS key:1'))
  await expect.poll(() => rehashidx(page)).toBe(-1)
  await expect(keyspace(page).locator('.sum')).toContainText('9 entries in 16 buckets')
})

test('a listpack shows each of its bytes', async ({ page }) => {
  await type(page, 'HSET prefs:7 theme dark size 14')
  await open(page, 'prefs:7')
  const cells = keyPane(page).locator('.ents .cell')
  await expect(cells).toHaveText(
    '1c 00 00 00 04 00 85 74 68 65 6d 65 06 84 64 61 72 6b 05 84 73 69 7a 65 05 0e 01 ff'.split(' '),
  )
  await type(page, 'HGET prefs:7 size')
  await expect(page.getByTestId('last-command')).toContainText('2 entries compared from the head, found at 2')
  const rows = await rowsOf(page, 'key-pane')
  expect(rows.map((r) => r[0])).toEqual(['0', '4', '6', '13', '19', '25', '27'])
  expect(rows[5]?.[1]).toBe('0e 01')
})

test('a skiplist shows spans that add up to the rank', async ({ page }) => {
  const members = Array.from({ length: 140 }, (_, i) => `${i} m${String(i).padStart(3, '0')}`)
  await type(page, `ZADD board ${members.join(' ')}`, 'ZRANK board m100')
  await open(page, 'board')
  await expect(keyPane(page).locator('.sum')).toContainText('= 101, counted from 1: ZRANK m100 returns 100')
  const sum = (await keyPane(page).locator('.sum').textContent()) ?? ''
  const spans = /Spans ([\d +]+) = 101/.exec(sum)?.[1]
  if (spans) expect(spans.split(' + ').reduce((a, b) => a + Number(b), 0)).toBe(101)
  // Another member, without a command.
  await page.getByLabel('Member to search').fill('m003')
  await expect(keyPane(page).locator('.sum')).toContainText('ZRANK m003 returns 3')
  await page.getByLabel('Member to search').fill('')
  await type(page, 'ZSCORE board m100')
  await expect(keyPane(page).locator('.sum')).toContainText('asks the dict beside the skiplist')
  const history = page.getByTestId('history')
  await expect(history.locator('.sum')).toContainText('skiplist since ZADD board')
})

test('the encoding history names the command and the time of the change', async ({ page }) => {
  await type(
    page,
    'CONFIG SET hash-max-listpack-entries 4',
    ...Array.from({ length: 5 }, (_, i) => `HSET user f${i} v${i}`),
  )
  await open(page, 'user')
  await expect(page.getByTestId('history').locator('.sum')).toContainText(
    'listpack to hashtable by HSET user f4 v4 at 00:',
  )
  const rows = await rowsOf(page, 'history')
  expect(rows.map((r) => [r[1], r[2], r[3], r[4]])).toEqual([
    ['HSET user f0 v0', 'no key', 'listpack', '1'],
    ['HSET user f4 v4', 'listpack', 'hashtable', '5'],
  ])
  // The fields of the hash table, with their values.
  const fields = await rowsOf(page, 'key-pane')
  expect(fields.map((r) => `${r[2]}=${r[3]}`).sort()).toEqual(['f0=v0', 'f1=v1', 'f2=v2', 'f3=v3', 'f4=v4'])
})

test('a quicklist shows its nodes, the compressed ones and their bytes', async ({ page }) => {
  const items = Array.from({ length: 14 }, (_, i) => `job-${i}-resize-image-resize-image-resize`)
  await type(
    page,
    'CONFIG SET list-max-listpack-size 4',
    'CONFIG SET list-compress-depth 1',
    `RPUSH jobs ${items.join(' ')}`,
  )
  await open(page, 'jobs')
  await expect(keyPane(page).locator('.sum')).toContainText('4 nodes, 14 entries')
  const rows = await rowsOf(page, 'key-pane')
  expect(rows.map((r) => r[1])).toEqual(['4', '4', '4', '2'])
  expect(rows.map((r) => (r[4] === 'raw' ? 'raw' : 'LZF'))).toEqual(['raw', 'LZF', 'LZF', 'raw'])
  await type(page, 'LINDEX jobs 5')
  await expect(page.getByTestId('last-command')).toContainText('2 nodes from the head, index 5')
})

test('an intset is widened, and a search halves it', async ({ page }) => {
  await type(page, 'SADD seen -7 3 1200', 'SADD seen 70000')
  await open(page, 'seen')
  await expect(keyPane(page).locator('.sum')).toContainText('int32: 4 members of 4 bytes each, 24 bytes')
  await expect(keyPane(page)).toContainText('widened int16 to int32')
  const rows = await rowsOf(page, 'key-pane')
  expect(rows.map((r) => [r[1], r[2]])).toEqual([
    ['f9 ff ff ff', '-7'],
    ['03 00 00 00', '3'],
    ['b0 04 00 00', '1200'],
    ['70 11 01 00', '70000'],
  ])
  await type(page, 'SISMEMBER seen 3')
  await expect(page.getByTestId('last-command')).toContainText('1 probe, found')
})

test('a string shows its header, its room and what the last command wrote', async ({ page }) => {
  await type(page, 'SET cart:88 hello', 'APPEND cart:88 " world"')
  await open(page, 'cart:88')
  // DEBUG SDSLEN of a real 7.0.15 says len 11, avail 17, zmalloc 32.
  await expect(keyPane(page).locator('.sum')).toContainText(
    'sdshdr8: len 11, alloc 28, 17 bytes free. 32 bytes asked for, served from the bin of 32',
  )
  await expect(page.getByTestId('last-command')).toContainText('bytes 5 to 10 written')
  await type(page, 'SET n 1234', 'SET e short')
  await open(page, 'n')
  await expect(keyPane(page)).toContainText('no string is allocated')
  await open(page, 'e')
  await expect(keyPane(page)).toContainText('One allocation')
})

test('hostile bytes are shown as bytes', async ({ page }) => {
  await type(page, 'HSET "<img src=x onerror=window.hacked=1>" "\\x1b]0;owned\\x07" "\\xe2\\x80\\xaegnp.exe"')
  await page.locator('.kb').first().click()
  await expect(keyPane(page)).toContainText('<img src=x onerror=window.hacked=')
  await expect(keyPane(page)).toContainText('\\x1b]0;owned\\x07')
  expect(await keyPane(page).textContent()).not.toContain('\u202e')
  expect(await page.evaluate(() => (window as { hacked?: number }).hacked)).toBeUndefined()
})

test('a key that goes says so, a server that is down says so', async ({ page }) => {
  await type(page, 'SET gone 1')
  await open(page, 'gone')
  await type(page, 'DEL gone')
  await expect(page.getByText('This key is gone.')).toBeVisible()
  await expect(keyspace(page)).toContainText('0 entries in 4 buckets')
  await page.locator('body').click({ position: { x: 5, y: 5 } })
  await page.keyboard.press('k')
  await expect(keyspace(page)).toContainText('is not running')
})

test('everything is reached by keyboard: marks with arrows, the table with T, keys with arrows', async ({ page }) => {
  await type(page, 'SET a 1', 'SET b 2', 'SET c 3')
  const pic = keyspace(page).locator('.pic')
  await pic.focus()
  await page.keyboard.press('ArrowRight')
  await expect(keyspace(page).locator('.told')).toContainText('ht[0] bucket')
  await page.keyboard.press('Escape')
  await expect(keyspace(page).locator('.told')).toHaveText('')
  await page.keyboard.press('t')
  await expect(keyspace(page).locator('table')).toBeVisible()
  await page.locator('.kb').first().focus()
  await page.keyboard.press('ArrowDown')
  await expect(keyPane(page).locator('.ph .name')).toHaveText('b')
})

test('a stream shows its radix tree, a deleted entry and what a group has pending', async ({ page }) => {
  await type(
    page,
    'CONFIG SET stream-node-max-entries 2',
    ...[1, 2, 3, 4, 5].map((i) => `XADD orders ${i}-0 item book qty ${i}`),
    'XDEL orders 2-0',
    'XGROUP CREATE orders workers 0',
    'XREADGROUP GROUP workers alice COUNT 2 STREAMS orders >',
  )
  await open(page, 'orders')
  await expect(keyPane(page).locator('.sum')).toContainText('4 entries in 3 blocks')
  await expect(keyPane(page).locator('s')).toHaveText('2-0')
  await expect(keyPane(page).locator('.card2')).toHaveCount(2)
  await expect(keyPane(page).locator('.lanename')).toHaveText('alice')
  const rows = await rowsOf(page, 'key-pane')
  expect(rows.map((r) => r[3]).filter((k) => k !== '')).toEqual(['1-0', '3-0', '5-0'])
})

test('a string is seen as bits or registers, a sorted set as places', async ({ page }) => {
  await type(
    page,
    'SETBIT days 9 1',
    'SETBIT days 20 1',
    'PFADD visitors a b c',
    'GEOADD cities 13.361389 38.115556 Palermo',
  )
  await open(page, 'days')
  await page.getByRole('button', { name: 'Bits' }).click()
  await expect(keyPane(page)).toContainText('3 bytes, 24 bits. BITCOUNT 2')
  await open(page, 'visitors')
  await page.getByRole('button', { name: 'Registers' }).click()
  await expect(keyPane(page).locator('.figures')).toContainText('PFCOUNT3')
  await expect(keyPane(page).locator('.figures')).toContainText('encodingsparse')
  await open(page, 'cities')
  await page.getByRole('button', { name: 'Map' }).click()
  await keyPane(page).locator('.pic').focus()
  await page.keyboard.press('ArrowRight')
  await expect(keyPane(page).locator('.told')).toContainText('Palermo: longitude 13.36138')
})

test('the sheets tell what redis-cli tells', async ({ page }) => {
  const sheet = (name: string) => page.getByRole('tab', { name, exact: true }).click()
  const region = (name: string) => page.getByRole('region', { name, exact: true })
  await type(
    page,
    'SET token abc PX 600000',
    'HSET user:1 name Ada',
    'CONFIG SET slowlog-log-slower-than 0',
    'GET token',
  )
  await sheet('Keyspace')
  await expect(region('Types and encodings').locator('.sum')).toContainText('2 keys in 1 database')
  await sheet('Memory')
  await expect(region('Memory').locator('.sum')).toContainText('in 2 keys')
  await expect(region('Largest keys, table')).toContainText('user:1')
  await sheet('Expiry')
  await expect(region('Expires dict').locator('.sum')).toContainText('1 alive, 0 within a second of death')
  await sheet('Commands')
  await expect(region('Slow log')).toContainText('GET token')
  await sheet('Transactions')
  await type(page, 'WATCH token')
  for (const command of ['MULTI', 'SET token x']) {
    await page.keyboard.insertText(command)
    await page.keyboard.press('Enter')
  }
  await expect(page.locator('.queue')).toContainText('SET token x')
  await expect(page.locator('.watch')).toContainText('token')
  await type(page, 'DISCARD')
  await expect(page.locator('.tray')).toHaveCount(0)
  await sheet('Pub/Sub')
  await type(page, 'PUBLISH news hi')
  await expect(region('Messages')).toContainText('0, lost')
  await sheet('Eviction')
  await type(page, 'CONFIG SET maxmemory-policy allkeys-lru', 'CONFIG SET maxmemory 1')
  await expect(region('Candidates').locator('.sum')).toBeVisible()
})

test('V13: a turn of the event loop is taken apart, and threads and children have their lanes', async ({ page }) => {
  await page.getByRole('tab', { name: 'Event loop', exact: true }).click()
  const members = Array.from({ length: 100 }, (_, i) => `member-${i}`).join(' ')
  await type(page, `SADD big ${members}`, 'SMEMBERS big', 'UNLINK big', 'SET a 1', 'BGSAVE')
  const turn = page.getByTestId('turn')
  const lanes = page.getByTestId('loop')
  await expect(lanes.locator('title', { hasText: 'free 1 object' })).toHaveCount(1)
  await expect(lanes.locator('title', { hasText: /BGSAVE, pid \d+/ })).toHaveCount(1)
  // Each turn by the arrows: what it read, ran and sent.
  await lanes.locator('.turn', { hasText: 'SMEMBERS' }).first().click()
  await expect(lanes.locator('.told')).toContainText('woken by a readable socket: SMEMBERS for 10.0.0.11:')
  await expect(turn).toContainText('bytes read; SMEMBERS')
  await expect(turn).toContainText('of replies to 1 client')
  const rows = await rowsOf(page, 'loop')
  const micros = (name: string) => Number(rows.find((r) => r[3] === name)?.[4])
  // By the cost model: 2 microseconds a command, and by what it goes through.
  expect(micros('SET')).toBe(2)
  expect(micros('SMEMBERS')).toBeGreaterThan(30)
  expect(rows.find((r) => r[3] === 'BGSAVE')?.[7]).toContain('fork')
})

test('V05: SCAN goes through the buckets, and colliding names share one', async ({ page }) => {
  await type(page, ...Array.from({ length: 8 }, (_, i) => `SET key:${i} v`))
  await page.getByRole('button', { name: 'SCAN 0 COUNT 3' }).click()
  const scan = page.getByTestId('scan')
  await expect(scan).toContainText('Call 1')
  const cursor = /Call 1/.test((await scan.textContent()) ?? '')
    ? await scan.locator('.bits .mono').nth(1).textContent()
    : ''
  await expect(screenText(page)).toContainText(`1) "${cursor}"`)
  await page.getByRole('button', { name: `SCAN ${cursor} COUNT 3` }).click()
  await expect(scan).toContainText('Call 2')
  await page.getByRole('button', { name: 'Make collisions' }).click()
  await expect(page.locator('.kb', { hasText: 'same:' })).toHaveCount(5)
  await expect
    .poll(async () => (await rowsOf(page, 'keyspace')).some((r) => (r[3] ?? '').split('same:').length === 6))
    .toBe(true)
})

test('V29, V31: memory grows over time, a time to live is a ring, an empty cell makes its key', async ({ page }) => {
  await type(page, 'SET token abc EX 600', 'SET forever 1')
  await expect(page.locator('.kb', { hasText: 'token' }).getByRole('img', { name: /expires in/ })).toBeVisible()
  await expect(page.locator('.kb', { hasText: 'forever' }).getByRole('img')).toHaveCount(0)
  await page.getByRole('tab', { name: 'Keyspace', exact: true }).click()
  for (const [type_, encoding] of [
    ['zset', 'skiplist'],
    ['hash', 'hashtable'],
    ['string', 'raw'],
    ['set', 'intset'],
  ]) {
    await page.getByRole('button', { name: `Make an example: ${type_} as ${encoding}` }).click()
    // The engine says what it became.
    await expect(page.locator('.kb', { hasText: `example:${type_}:${encoding}` })).toContainText(encoding as string)
  }
  await page.getByRole('tab', { name: 'Memory', exact: true }).click()
  await expect(page.getByTestId('growth').locator('.sum')).toContainText('used_memory went from')
  const rows = await rowsOf(page, 'growth')
  expect(Number(rows[0]?.[7])).toBe(6)
  expect(Number(rows[0]?.[2])).toBeGreaterThan(Number(rows.at(-1)?.[2]))
})

test('V07, V11, V12: a slider sets the real directive, in redis-cli', async ({ page }) => {
  await page.getByRole('tab', { name: 'Expiry', exact: true }).click()
  await page.getByRole('slider', { name: 'active-expire-effort' }).focus()
  await page.keyboard.press('ArrowRight')
  await expect(screenText(page)).toContainText('CONFIG SET active-expire-effort 2')
  await expect(page.getByRole('region', { name: 'Active cycle' })).toContainText('9 %')
  await page.getByRole('tab', { name: 'Eviction', exact: true }).click()
  await page.getByLabel('maxmemory-policy').selectOption('allkeys-lfu')
  await expect(page.getByRole('region', { name: 'Candidates', exact: true })).toContainText('255 less the counter')
  await type(page, 'CONFIG GET maxmemory-policy')
  await expect(screenText(page)).toContainText('2) "allkeys-lfu"')
})

test('V06, V09, V10, V37: a ziplist beside the listpack, a C string, an ID in the tree, the cells of a search', async ({
  page,
}) => {
  await type(
    page,
    'HSET prefs theme dark size 14',
    'SET bin "ab\\x00cd"',
    'CONFIG SET stream-node-max-entries 1',
    'XADD orders 1000-1 f v',
    'XADD orders 1000-2 f v',
    'GEOADD cities 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 9.19 45.4642 Milan',
    'GEOSEARCH cities FROMLONLAT 15 37 BYRADIUS 200 km',
  )
  await open(page, 'prefs')
  await page.getByRole('button', { name: 'As a ziplist' }).click()
  await page.getByRole('button', { name: 'Entries that cascade' }).click()
  await page.getByRole('button', { name: 'Put 300 bytes at the head' }).click()
  for (let i = 0; i < 8; i++) await page.getByRole('button', { name: 'Next update' }).click()
  await expect(keyPane(page)).toContainText('In all 8 updates')
  await open(page, 'bin')
  await page.getByRole('button', { name: 'As a C string' }).click()
  await expect(keyPane(page)).toContainText('strlen walks 2 bytes to the first zero and says 2')
  await open(page, 'orders')
  await page.getByRole('button', { name: 'What would an ID do?' }).click()
  await page.getByLabel('ID to put into the tree').fill('1000-2')
  const next = page.getByRole('button', { name: 'Next step' })
  const stepUntil = (text: string): Promise<void> =>
    expect(async () => {
      if (await next.isEnabled()) await next.click({ timeout: 1000 })
      await expect(keyPane(page)).toContainText(text, { timeout: 100 })
    }).toPass({ timeout: 30_000, intervals: [50] })
  await stepUntil('nothing is made')
  await page.getByLabel('ID to put into the tree').fill('1000-3')
  await expect(keyPane(page)).toContainText('e8 00 00 00 00 00 00 00 03')
  await stepUntil('it gets one more')
  await open(page, 'cities')
  await page.getByRole('button', { name: 'Map' }).click()
  await expect(keyPane(page)).toContainText('2 inside')
})

for (const theme of ['light', 'dark'] as const) {
  test(`axe finds nothing serious in the structures (${theme})`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: theme })
    await page.getByRole('button', { name: 'Type the examples' }).click()
    await expect(page.locator('.kb', { hasText: 'board' })).toBeVisible({ timeout: 20_000 })
    await expect(keyPane(page)).toContainText('ZRANK board oak')
    expect(await serious(page)).toEqual([])
  })
}

for (const [width, height] of [
  [1280, 720],
  [390, 844],
] as const) {
  test(`the structures do not scroll the page sideways at ${width} x ${height}`, async ({ page }) => {
    await page.setViewportSize({ width, height })
    await page.getByRole('button', { name: 'Type the examples' }).click()
    await expect(page.locator('.kb', { hasText: 'board' })).toBeVisible({ timeout: 20_000 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
    await expect(page.getByTestId('clock')).toBeVisible()
  })
}

for (const theme of ['light', 'dark'] as const)
  test(`axe finds nothing serious in the sheets (${theme})`, async ({ page }) => {
    test.setTimeout(240_000)
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    await page.getByRole('button', { name: 'Type the examples' }).click()
    await expect(keyPane(page)).toContainText('ZRANK board oak', { timeout: 20_000 })
    await type(page, 'SCAN 0 COUNT 3', 'SET token abc EX 600', 'WATCH hits', 'PUBLISH news hi')
    for (const name of [
      'Keys',
      'Keyspace',
      'Memory',
      'Expiry',
      'Eviction',
      'Event loop',
      'Commands',
      'Transactions',
      'Pub/Sub',
    ]) {
      await page.getByRole('tab', { name, exact: true }).click()
      await expect(page.locator(name === 'Keys' ? '.board' : '.sheets')).toBeVisible()
      expect(await serious(page), name).toEqual([])
    }
  })
