/** The sheets of a server, as a person uses them: what is pressed is typed, what is drawn is what happened. */
import { expect, type Page, screenText, serious, test } from './page.ts'
import { keyPane, openStructures, rowsOf, type } from './structures-page.ts'

test.beforeEach(({ page }) => openStructures(page))

const sheet = (page: Page, name: string) => page.getByRole('tab', { name, exact: true }).click()

test('V26, T16: a rival at a gap spoils the purchase, and the figure is the run', async ({ page }) => {
  await sheet(page, 'Transactions')
  const rival = page.getByTestId('tx-rival')
  const run = page.getByTestId('tx-run')
  await rival.getByRole('button', { name: 'Play', exact: true }).click()
  await expect(run.locator('.sum')).toContainText('EXEC answered nil', { timeout: 30_000 })
  await expect(run.locator('.sum')).toContainText('CLIENT_DIRTY_CAS')
  const rows = await rowsOf(page, 'tx-run')
  expect(rows.map((r) => `${r[3]} = ${r[4]}`)).toEqual([
    'WATCH stock = OK',
    'GET stock = "10"',
    'MULTI = OK',
    'SET stock 0 = OK',
    'DECR stock = QUEUED',
    'RPUSH orders 42 = QUEUED',
    'EXEC = (nil)',
  ])
  const times = rows.map((r) => r[0] as string)
  expect([...times].sort()).toEqual(times)
  expect(new Set(rows.map((r) => r[1])).size).toBe(2)
  // Without a watch nothing stops it.
  await rival.getByRole('checkbox', { name: 'A watches the key' }).uncheck()
  await rival.getByRole('button', { name: 'Play', exact: true }).click()
  await expect(run.locator('.sum')).toContainText('EXEC ran 2 commands', { timeout: 30_000 })
  const again = await rowsOf(page, 'tx-run')
  expect(again.filter((r) => r[2] === 'run by EXEC').map((r) => `${r[3]} = ${r[4]}`)).toEqual([
    'DECR stock = (integer) -1',
    'RPUSH orders 42 = (integer) 1',
  ])
})

test('V26: step by step, and the same commands as a script and as a pipeline', async ({ page }) => {
  await sheet(page, 'Transactions')
  await page.getByTestId('tx-acid').getByRole('button', { name: 'Prove atomicity' }).click()
  const run = page.getByTestId('tx-run')
  await expect(run.locator('.sum')).toContainText('1 command failed, the others stay done', { timeout: 20_000 })
  const steps = run.locator('.stepper .mono')
  await expect(steps).toHaveText('8 of 8')
  await run.getByRole('button', { name: 'One row back' }).click()
  await expect(steps).toHaveText('7 of 8')
  const ways = page.getByTestId('tx-ways')
  await ways.getByRole('button', { name: 'Type it' }).nth(1).click()
  await expect(screenText(page)).toContainText('EVAL', { timeout: 20_000 })
  await ways.getByRole('button', { name: 'Type it' }).nth(2).click()
  await expect(screenText(page)).toContainText('errors: 0, replies: 3', { timeout: 20_000 })
})

test('E01, V13: the lanes are the threads of a real server; a request that waited names its blocker', async ({
  page,
}) => {
  await sheet(page, 'Event loop')
  await page.getByRole('button', { name: 'Type a read, a slow read, an UNLINK and a BGSAVE' }).click()
  const loop = page.getByTestId('loop')
  await expect(loop.locator('.turn', { hasText: 'SMEMBERS' }).first()).toBeVisible({ timeout: 20_000 })
  const names = await loop.locator('.looplanes > svg text').allTextContents()
  expect(names.slice(0, 8)).toEqual([
    'main (redis-server)',
    'waiting',
    'length, log',
    'bio_close_file',
    'bio_aof_fsync',
    'bio_lazy_free',
    'jemalloc_bg_thd',
    'child',
  ])
  await page.getByRole('button', { name: 'Make others wait' }).click()
  const waiting = page.getByTestId('waiting')
  await expect(waiting.locator('tbody tr').first().locator('td').nth(5)).not.toHaveText('0', { timeout: 20_000 })
  await waiting.locator('tbody tr').first().getByRole('button').click()
  await expect(waiting.locator('.sum')).toContainText('Before it ran LCS')
  await expect(loop.locator('.blocker').first()).toBeVisible()
  // What is longest is told in words and as a table.
  await expect(loop.locator('.sum')).toContainText('longest LCS')
  await expect(page.getByTestId('longest').locator('tbody tr').first()).toContainText('LCS jam:a jam:b LEN')
})

test('V13: a stretch that is dragged over is shown alone', async ({ page }) => {
  await sheet(page, 'Event loop')
  await type(page, 'SET a 1', 'SET b 2', 'SET c 3', 'GET a')
  const svg = page.getByTestId('loop').locator('.loopsvg')
  const first = await page.getByTestId('loop').locator('.turn', { hasText: 'SET' }).first().boundingBox()
  const box = await svg.boundingBox()
  if (!first || !box) throw new Error('no picture')
  await page.mouse.move(first.x - 6, box.y + 90)
  await page.mouse.down()
  await page.mouse.move(first.x + 40, box.y + 90, { steps: 4 })
  await page.mouse.up()
  await expect(page.getByRole('button', { name: 'All of the time' })).toBeVisible()
  expect(await page.getByTestId('loop').locator('.turn').count()).toBeLessThan(8)
  await page.getByRole('button', { name: 'All of the time' }).click()
  await expect(page.getByRole('button', { name: 'All of the time' })).toHaveCount(0)
})

test('V12: an eviction is gone through sample by sample, and held against true LRU', async ({ page }) => {
  test.setTimeout(120_000)
  await sheet(page, 'Eviction')
  await expect(page.locator('.whynot')).toContainText('maxmemory 0')
  await type(page, 'CONFIG SET maxmemory 1')
  await expect(page.locator('.whynot')).toContainText('OOM')
  await type(page, 'CONFIG SET maxmemory-policy volatile-lru')
  await expect(page.locator('.whynot')).toContainText('No candidate')
  await page.getByLabel('maxmemory-policy').selectOption('allkeys-lru')
  await page.getByRole('button', { name: 'FLUSHALL and fill it beyond a limit' }).click()
  await expect(page.getByTestId('rounds').locator('.sum')).toContainText('True rank', { timeout: 60_000 })
  await expect(page.getByRole('button', { name: /Typing/ })).toHaveCount(0, { timeout: 60_000 })
  const lru = page.getByTestId('true-lru')
  await expect(lru.locator('.sum')).toContainText(/Of [\d,]+ evicted keys true LRU would have taken [\d,]+ as well/)
  const rounds = page.getByTestId('rounds')
  await expect(rounds.locator('.samples button')).toHaveCount(6)
  await rounds.getByRole('button', { name: 'One sample back' }).click()
  await expect(rounds.locator('.sum')).toContainText('Sample 5')
  await expect(rounds.locator('.slots16 .mark, .samples .drop.on')).toHaveCount(1)
})

test('V12: the LFU counter of the chosen key, its dice and its decay', async ({ page }) => {
  await type(page, 'CONFIG SET maxmemory-policy allkeys-lfu', 'SET k 1', ...Array.from({ length: 12 }, () => 'GET k'))
  await page.locator('.kb', { hasText: 'k' }).first().click()
  await sheet(page, 'Eviction')
  const lfu = page.getByTestId('lfu')
  await expect(lfu.locator('.sum')).toContainText(/k: counter \d+/)
  await type(page, 'OBJECT FREQ k')
  const counter = /counter (\d+)/.exec((await lfu.locator('.sum').textContent()) ?? '')?.[1]
  await expect(screenText(page)).toContainText(`(integer) ${counter}`)
})

test('V30: a slow command is a tick, a row and a place in the event loop; the line sets the threshold', async ({
  page,
}) => {
  await sheet(page, 'Commands')
  await type(page, 'CONFIG SET slowlog-log-slower-than 0', 'SET a 1', 'GET a')
  const slow = page.getByTestId('slowlog')
  await expect(slow).toContainText('GET a')
  await slow.getByLabel('Only entries of this command').selectOption('GET')
  await expect(slow.locator('tbody tr')).toHaveCount(1)
  await expect(page.getByTestId('latency').locator('.tick').first()).toBeAttached()
  // Client time is longer than execution by the way there and back.
  await page.getByTestId('latency').getByRole('button', { name: 'Client' }).click()
  await expect(page.getByTestId('latency').locator('.sum')).toContainText('median')
  const rows = await rowsOf(page, 'latency')
  expect(rows.length).toBeGreaterThan(0)
  await page.getByTestId('latency').locator('.twin-btn').click()
  await slow.getByRole('button', { name: 'GET a' }).click()
  await expect(page.getByRole('button', { name: 'All of the time' })).toBeVisible()
  await expect(page.getByTestId('turn')).toContainText('GET')
  await sheet(page, 'Commands')
  await expect(page.getByTestId('doctor')).toContainText('Latency monitoring is disabled')
})

test('V30: dragging across the heat map opens that time in the event loop', async ({ page }) => {
  await type(page, 'SET a 1', 'GET a')
  await sheet(page, 'Commands')
  const heat = page.locator('.heatmap')
  const box = await heat.boundingBox()
  if (!box) throw new Error('no map')
  await page.mouse.move(box.x + box.width * 0.3, box.y + 20)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.9, box.y + 20, { steps: 4 })
  await page.mouse.up()
  await expect(page.getByTestId('loop')).toContainText(/From 00:\d\d/)
})

test('V27: a subscriber that stops reading is closed at its limit', async ({ page }) => {
  test.setTimeout(120_000)
  await sheet(page, 'Pub/Sub')
  const say = page.getByTestId('say')
  await say.getByRole('button', { name: 'New subscriber' }).click()
  const slow = page.getByTestId('slow')
  await expect(slow.locator('.subs')).toContainText('sub-1', { timeout: 20_000 })
  await expect(page.getByTestId('pubsub').locator('.sum')).toContainText('2 channels')
  await say.getByRole('button', { name: 'Publish', exact: true }).click()
  await expect(page.getByTestId('messages').locator('tbody tr').first()).toContainText('hello')
  await expect(page.getByTestId('messages').locator('tbody tr').first().locator('td').last()).toHaveText('1')
  await slow.getByRole('button', { name: 'Limit to 1 MB, 512 kB for 5 s' }).click()
  await slow.getByRole('button', { name: 'Stop reading' }).click()
  await slow.getByRole('button', { name: 'Publish 16 × 64 kB to news' }).click()
  await expect(slow.locator('.obuf i.over')).toBeVisible({ timeout: 20_000 })
  await slow.getByRole('button', { name: 'Publish 16 × 64 kB to news' }).click()
  await expect(slow.locator('.sum')).toContainText('sub-1 was closed', { timeout: 30_000 })
  // Nobody listens any more: what is said is lost.
  await say.getByRole('button', { name: 'Publish', exact: true }).click()
  await expect(page.getByTestId('messages').locator('tbody tr').first()).toContainText('0, lost', { timeout: 20_000 })
})

test('V28: consumers work, one crashes, another takes over what it held', async ({ page }) => {
  test.setTimeout(120_000)
  await type(
    page,
    ...['book', 'pen', 'cup'].map((item) => `XADD orders * item ${item}`),
    'XGROUP CREATE orders workers 0',
    'XGROUP CREATECONSUMER orders workers c1',
    'XGROUP CREATECONSUMER orders workers c2',
  )
  await page.locator('.kb', { hasText: 'orders' }).click()
  const work = page.getByTestId('stream-work')
  await work.getByRole('button', { name: 'Read one' }).nth(1).click()
  await expect(work.locator('.consumers li').nth(1)).toContainText('1 entry pending', { timeout: 20_000 })
  await work.getByRole('button', { name: 'Crash' }).nth(1).click()
  await work.getByLabel('claim after idle').fill('1000')
  await work.getByLabel('work on one entry').fill('300')
  await work.getByRole('button', { name: 'Let them work' }).click()
  await expect(work).toContainText('c2 → c1', { timeout: 40_000 })
  await expect(work.locator('.gauge')).toContainText('lag0', { timeout: 40_000 })
  await expect(work.locator('.consumers li').first()).toContainText('0 entries pending', { timeout: 40_000 })
})

test('V29: two looks at memory differ by what was typed, and bins tell what they lose', async ({ page }) => {
  await type(page, 'SET user:1 abc')
  await page.locator('.kb', { hasText: 'user:1' }).click()
  await sheet(page, 'Memory')
  await expect(page.getByTestId('bins')).toContainText('robj with its string')
  const diff = page.getByTestId('memdiff')
  await diff.getByRole('button', { name: 'Keep as A' }).click()
  await type(page, `SET user:2 ${'y'.repeat(300)}`)
  await expect(diff.locator('tbody')).toContainText('user:2')
  await expect(diff.locator('tbody')).toContainText('+368')
  await type(page, 'MEMORY USAGE user:2')
  await expect(screenText(page)).toContainText('(integer) 368')
  await page.getByTestId('bigkeys').getByRole('button', { name: 'by waste' }).click()
  await expect(page.locator('.bracket')).toContainText('counted for eviction')
  await page.locator('.treemap button').first().click()
  await expect(keyPane(page)).toBeVisible()
})

test('V31: keys by type and encoding, and a command that is typed for one', async ({ page }) => {
  await type(page, 'SET n 5', 'SET s abc', 'HSET h f v')
  await page.getByLabel('Only keys of this type').selectOption('string')
  await expect(page.locator('.kb')).toHaveCount(2)
  await page.getByLabel('Only keys kept as').selectOption('int')
  await expect(page.locator('.kb')).toHaveCount(1)
  await page.locator('.kb').first().click()
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  await page.getByLabel('Command to type').fill('INCRBY n 37')
  await page.getByTestId('key-edit').getByRole('button', { name: 'Type it' }).click()
  await expect(screenText(page)).toContainText('(integer) 42')
})

test('V37: a bit is set by typing, and users are added to a HyperLogLog', async ({ page }) => {
  await type(page, 'SETBIT days 9 1', 'PFADD visitors a b c')
  await page.locator('.kb', { hasText: 'days' }).click()
  await page.getByRole('button', { name: 'Bits' }).click()
  await page.getByLabel('Number of the bit').fill('20')
  await page.getByRole('button', { name: 'SETBIT 20 1' }).click()
  await expect(keyPane(page)).toContainText('BITCOUNT 2')
  await page.locator('.kb', { hasText: 'visitors' }).click()
  await page.getByRole('button', { name: 'Registers' }).click()
  await page.getByRole('button', { name: 'Add 100 users' }).click()
  await expect(keyPane(page).locator('.figures')).toContainText('added103')
  await expect(page.getByRole('img', { name: /Estimate \d+, truth 103/ })).toBeVisible()
})

test('opening the sheets changes nothing in the server', async ({ page }) => {
  await type(page, 'SET a 1', 'EXPIRE a 1000', 'HSET h f v', 'SADD s 1 2 3')
  const digest = async (): Promise<string | undefined> => {
    const parts = ["'DUMP','a'", "'DUMP','h'", "'DUMP','s'", "'PEXPIRETIME','a'", "'DBSIZE'"]
    await type(page, `EVAL "return redis.sha1hex(${parts.map((c) => `redis.call(${c})`).join('..')})" 0`)
    return [...((await screenText(page).textContent()) ?? '').matchAll(/"([0-9a-f]{40})"/g)].at(-1)?.[1]
  }
  const before = await digest()
  expect(before).toBeDefined()
  for (const name of ['Memory', 'Eviction', 'Event loop', 'Commands', 'Transactions', 'Pub/Sub', 'Keyspace']) {
    await sheet(page, name)
    await expect(page.locator('.sheets')).toBeVisible()
  }
  expect(await digest()).toBe(before)
})

for (const [width, height] of [
  [1280, 720],
  [390, 844],
] as const)
  test(`the sheets do not scroll the page sideways at ${width} x ${height}`, async ({ page }) => {
    await type(page, 'SET a 1', 'SET token abc EX 600', 'WATCH a', 'MULTI', 'GET a', 'EXEC')
    await page.setViewportSize({ width, height })
    for (const name of ['Memory', 'Eviction', 'Event loop', 'Commands', 'Transactions', 'Pub/Sub', 'Keyspace']) {
      await sheet(page, name)
      await expect(page.locator('.sheets')).toBeVisible()
      expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBeLessThanOrEqual(width)
    }
  })

for (const theme of ['light', 'dark'] as const)
  test(`axe finds nothing serious in the sheets of a server (${theme})`, async ({ page }) => {
    test.setTimeout(240_000)
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    await type(
      page,
      'CONFIG SET maxmemory-policy allkeys-lfu',
      'CONFIG SET slowlog-log-slower-than 0',
      'SET a 1',
      'XADD s * f v',
      'XGROUP CREATE s g 0',
      'XREADGROUP GROUP g ann COUNT 1 STREAMS s >',
      'PUBLISH void hi',
      'WATCH a',
      'MULTI',
      'INCR a',
      'EXEC',
    )
    await page.locator('.kb', { hasText: 's' }).first().click()
    for (const name of [
      'Keys',
      'Keyspace',
      'Memory',
      'Eviction',
      'Event loop',
      'Commands',
      'Transactions',
      'Pub/Sub',
    ]) {
      await sheet(page, name)
      await expect(page.locator(name === 'Keys' ? '.board' : '.sheets')).toBeVisible()
      await page.waitForTimeout(300)
      expect(await serious(page), name).toEqual([])
    }
  })
