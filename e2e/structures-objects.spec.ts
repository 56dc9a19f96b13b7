/** Skiplists, dicts, listpacks, quicklists, streams and expiry: what can be done to their pictures, and that it touches no key. */
import { expect, type Page, screenText, serious, test } from './page.ts'
import { keyPane, keyspace, open, openStructures, rehashidx, type } from './structures-page.ts'

test.beforeEach(({ page }) => openStructures(page))

const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).first().click()

/** The digest of all keys, as redis-cli prints it. */
async function digest(page: Page): Promise<string> {
  await type(page, 'CLEAR', 'DEBUG DIGEST')
  return [...((await screenText(page).textContent()) ?? '').matchAll(/\b[0-9a-f]{40}\b/g)].at(-1)?.[0] ?? 'none'
}

const board = Array.from({ length: 140 }, (_, i) => `${i * 10} m${String(i).padStart(3, '0')}`).join(' ')
const STREAM = [
  'CONFIG SET stream-node-max-entries 3',
  ...Array.from({ length: 10 }, (_, i) => `XADD orders ${i + 1}-0 qty ${i}`),
]

test('V04: the code of a search is lit line by line, the flag is dragged, a new node tells its dice', async ({
  page,
}) => {
  await type(page, `ZADD board ${board}`, 'ZRANK board m100')
  await open(page, 'board')
  const lit = keyPane(page).locator('.code li.lit')
  await expect(lit).toHaveText(/return rank/)
  await press(page, 'Previous comparison')
  await expect(lit).toHaveText(/rank \+= x.span\[i\]|for i = level/)
  // The brackets do the same.
  await page.keyboard.press(']')
  await expect(lit).toHaveText(/return rank/)
  await expect(keyPane(page).locator('.figures').first()).toContainText('= 101')
  await expect(keyPane(page).locator('.dictstrip')).toHaveCount(1)
  // The flag goes from tower to tower; the search of its member is shown.
  const flag = keyPane(page).locator('.flag')
  await flag.scrollIntoViewIfNeeded()
  const box = (await flag.boundingBox())!
  await page.mouse.move(box.x + 20, box.y + 10)
  await page.mouse.down()
  await page.mouse.move(box.x - 200, box.y + 10, { steps: 8 })
  await page.mouse.up()
  await expect(keyPane(page).locator('.sum')).not.toContainText('m100')
  await expect(keyPane(page).locator('.sum')).toContainText(/ZRANK m0\d\d returns/)
  await page.getByLabel('Member to search').fill('')
  // The command that stands on the button is the command that is typed.
  const zadd = keyPane(page).getByRole('button', { name: /^ZADD board/ })
  const line = (await zadd.textContent()) ?? ''
  await zadd.click()
  await expect(screenText(page)).toContainText(line)
  await expect(keyPane(page)).toContainText(/Dice of new:140: (< 1\/4, )*≥ 1\/4: \d+ level/)
  await expect(lit).toHaveText(/link behind update/)
})

test('V04: a small sorted set says why it is no skiplist, and becomes one by a click', async ({ page }) => {
  await type(page, 'ZADD small 1 a 2 b')
  await open(page, 'small')
  await expect(page.getByTestId('why')).toContainText('It becomes one with number 129')
  await press(page, 'Grow to skiplist')
  await expect(keyPane(page).locator('.ph .sub').first()).toContainText('skiplist')
  await expect(page.getByTestId('why')).toContainText('Not a listpack: 131 members are more than')
})

test('V05: bits name the bucket, a write is seen in the new table, a command and a tick move what they move', async ({
  page,
}) => {
  await type(
    page,
    'CONFIG SET activerehashing no',
    ...Array.from({ length: 9 }, (_, i) => `SET key:${i} v`),
    'SET late v',
  )
  await expect(keyspace(page)).toContainText('rehashing')
  // Looked for in both, written to the new one.
  await expect(page.getByTestId('keyspace-last')).toContainText(
    /ht\[0\] bucket \d+, then ht\[1\] bucket \d+, found.*written to ht\[1\]/,
  )
  await page.locator('.kb', { hasText: 'key:3' }).click()
  await expect(page.getByTestId('hash')).toContainText(
    /key:3.*& mask 0x7 = ht\[0\] bucket \d.*& mask 0xf = ht\[1\] bucket \d+/,
  )
  const before = await rehashidx(page)
  await press(page, 'One command: EXISTS key:3')
  await expect(screenText(page)).toContainText('EXISTS key:3')
  await expect.poll(() => rehashidx(page)).toBeGreaterThan(before)
  // A tick with activerehashing off moves nothing; with it on it moves all.
  const between = await rehashidx(page)
  await press(page, 'One cron ms')
  await expect(page.getByRole('button', { name: /^Play/ }).first()).toBeVisible()
  expect(await rehashidx(page)).toBe(between)
  await page.getByRole('button', { name: /^Play/ }).first().click()
  await page.getByLabel('activerehashing').selectOption('yes')
  await expect.poll(() => rehashidx(page), { timeout: 30_000 }).toBe(-1)
  await page.getByText('Chain lengths').first().click()
  await expect(keyspace(page).locator('.chains pre')).toContainText(
    'Hash table 0 stats (main hash table):\n table size: 16',
  )
})

test('V06: byte, entry and value are linked; a copy is edited and the server keeps its own', async ({ page }) => {
  await type(page, 'HSET prefs theme dark size 14')
  await open(page, 'prefs')
  const letters = await keyPane(page)
    .locator('.ents .cell')
    .evaluateAll((cells) => cells.map((c) => (c as HTMLElement).dataset['l'] ?? '.').join(''))
  expect(letters).toBe('T...N.ED....BED...BED...BEB∎')
  await keyPane(page).locator('.ents .cell').nth(15).hover()
  await expect(keyPane(page).locator('.ent.hot .name')).toHaveText('"dark"')
  await expect(keyPane(page).locator('.values .on')).toHaveText('"dark"')
  await press(page, '16 a row')
  await expect(keyPane(page).locator('.hexgrid .cell')).toHaveCount(28)
  await keyPane(page).locator('.values button').nth(3).focus()
  await expect(keyPane(page).locator('.hexgrid .hotcell')).toHaveText(['0e', '01'])
  const before = await digest(page)
  await press(page, 'Sandbox')
  const box = page.getByTestId('listpack-sandbox')
  await box.getByRole('button', { name: 'Next' }).click()
  await expect(box).toContainText('Next: the encoding at 6 says 6 bytes')
  await box.getByRole('button', { name: 'Previous' }).click()
  await expect(box).toContainText('says 6, and it takes 1 itself: 13 - 1 - 6 = 6')
  await box.getByRole('button', { name: 'Next' }).click()
  await box.getByLabel('Value in the sandbox').fill('lighter')
  await box.getByRole('button', { name: 'Write over' }).click()
  await expect(box).toContainText('memmove takes 9 bytes from offset 19 to 22')
  await expect(box.locator('.cell.fresh')).toHaveCount(9)
  expect(await digest(page)).toBe(before)
  // Only the command that is shown changes the key.
  await box.getByRole('button', { name: 'HSET prefs theme lighter' }).click()
  await expect(keyPane(page).locator('.sum')).toContainText('31 bytes')
})

test('V07: a node is split and merged step by step, and a split of the real list is told', async ({ page }) => {
  await type(page, 'CONFIG SET list-max-listpack-size 4', 'RPUSH jobs a b c d e f g h')
  await open(page, 'jobs')
  await expect(keyPane(page).locator('.carbox')).toHaveCount(2)
  await expect(keyPane(page).locator('.sum')).toContainText('4.00 a node')
  const before = await digest(page)
  await press(page, 'Split and merge, step by step')
  const box = page.getByTestId('quicklist-sandbox')
  await box.getByRole('button', { name: 'Entry g' }).click()
  await box.getByRole('button', { name: 'LINSERT BEFORE g 1' }).click()
  await box.getByRole('button', { name: 'Next step' }).click()
  await expect(box).toContainText('it is split into 2 and 2')
  await expect(box.locator('.car.loose')).toHaveCount(1)
  const next = box.getByRole('button', { name: 'Next step' })
  while (await next.isEnabled()) await next.click()
  await expect(box).toContainText('Done: 4 nodes, 1 more.')
  expect(await digest(page)).toBe(before)
  await type(page, 'LINSERT jobs BEFORE c X')
  await expect(page.getByTestId('node-change')).toContainText('Node 0: 4 became 3 + 2, a split.')
})

test('V10: the cursor of a range meets what XRANGE returns; a trim takes what was foretold', async ({ page }) => {
  await type(page, ...STREAM, 'XDEL orders 5-0')
  await open(page, 'orders')
  const before = await digest(page)
  await press(page, 'Walk a range')
  const walk = page.getByTestId('range-walk')
  await walk.getByLabel('Start of the range').fill('5-0')
  await expect(walk).toContainText('greatest key not above 5-0: the block of 4-0')
  const on = walk.getByRole('button', { name: 'Cursor on' })
  await on.click()
  await expect(walk).toContainText('4-0 lies before the range')
  await on.click()
  await expect(walk).toContainText('5-0 is flagged deleted')
  await on.click()
  await expect(keyPane(page).locator('.walkat')).toContainText('6-0')
  await press(page, 'Trim: exactly or about')
  const trim = page.getByTestId('trim')
  await trim.getByRole('spinbutton').fill('5')
  await expect(trim.locator('.lane3').nth(1).locator('.gone')).toHaveCount(1)
  await expect(trim.locator('.figures')).toContainText('~ removes3')
  await expect(trim.locator('.figures')).toContainText('= removes4')
  expect(await digest(page)).toBe(before)
  await trim.getByRole('button', { name: 'XTRIM orders MAXLEN ~ 5' }).click()
  await expect(screenText(page)).toContainText('(integer) 3')
  await expect(keyPane(page).locator('.sum')).toContainText('6 entries in 3 blocks')
})

test('X01, V11: strategies side by side, a threshold to move, one loop at a time, one tick of the server', async ({
  page,
}) => {
  await page.getByRole('tab', { name: 'Expiry', exact: true }).click()
  await page.getByRole('tab', { name: 'Strategies', exact: true }).click()
  const strategies = page.getByTestId('strategies')
  const timer = strategies.getByRole('button', { name: /A timer for each key/ })
  await expect(timer).toContainText('1,000 wakeups')
  await timer.click()
  await expect(strategies.locator('.sum')).toContainText('1,000 wakeups for 1,000 keys')
  await expect(strategies.getByRole('button', { name: /Lazy: when it is read/ })).toContainText('0 wakeups')
  await strategies.getByRole('slider', { name: 'keys', exact: true }).focus()
  await page.keyboard.press('ArrowRight')
  await expect(timer).toContainText('1,100 wakeups')
  const threshold = page.getByTestId('threshold')
  await threshold.getByLabel('repeat above').fill('25')
  await expect(threshold.locator('.sum')).toContainText('At 25 % the cycle costs')
  const loop = page.getByTestId('loop-sandbox')
  await loop.getByRole('button', { name: 'One loop', exact: true }).click()
  await expect(loop.locator('.sum')).toContainText(/loop 1: sampled \d+ expired \d+ \(\d+ %\) → (repeat|stop)/)
  await page.getByRole('tab', { name: 'This server', exact: true }).click()
  await page.getByRole('button', { name: '1,000 keys, all in 5 s' }).click()
  await expect(page.getByRole('region', { name: 'Expires dict', exact: true }).locator('.sum')).toContainText(
    '1,000 alive',
  )
  await page.getByRole('button', { name: /Freeze: DEBUG SET-ACTIVE-EXPIRE 0/ }).click()
  await expect(page.getByRole('button', { name: /Go on: DEBUG SET-ACTIVE-EXPIRE 1/ })).toBeVisible()
  await page.getByRole('button', { name: 'Run one tick' }).click()
  await expect(page.getByRole('button', { name: /^Play/ }).first()).toBeVisible()
})

test('a mark offers its commands: by a right click, by the menu key; the one that is chosen is typed', async ({
  page,
}) => {
  await type(page, 'HSET prefs theme dark size 14', 'CONFIG SET zset-max-listpack-entries 2', 'ZADD board 1 a 2 b 3 c')
  await open(page, 'board')
  await keyPane(page).locator('svg text', { hasText: /^b$/ }).first().click({ button: 'right' })
  await expect(keyPane(page).locator('.told')).toContainText('b, score 2')
  await keyPane(page).getByRole('button', { name: 'ZINCRBY board 100 b' }).click()
  await expect(screenText(page)).toContainText('ZINCRBY board 100 b')
  await open(page, 'prefs')
  await keyPane(page).locator('.pic').first().focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Shift+F10')
  await expect(keyPane(page).getByRole('button', { name: 'HGET prefs theme' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(screenText(page)).toContainText('HGET prefs theme')
})

for (const theme of ['light', 'dark'] as const)
  test(`axe finds nothing serious in the sandboxes (${theme})`, async ({ page }) => {
    test.setTimeout(240_000)
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    await type(
      page,
      `ZADD board ${board}`,
      'ZRANK board m100',
      'HSET prefs theme dark size 14',
      'CONFIG SET list-max-listpack-size 4',
      'RPUSH jobs a b c d e f g h i j',
      ...STREAM,
    )
    const check = async (what: string) => expect(await serious(page), what).toEqual([])
    await open(page, 'board')
    await check('skiplist')
    await open(page, 'prefs')
    await press(page, '16 a row')
    await check('bytes')
    await press(page, 'Sandbox')
    await check('listpack sandbox')
    await open(page, 'jobs')
    await press(page, 'Split and merge, step by step')
    await check('quicklist')
    await open(page, 'orders')
    await press(page, 'Walk a range')
    await press(page, 'Trim: exactly or about')
    await expect(page.getByTestId('trim').locator('.lane3')).toHaveCount(3)
    await check('stream')
    await page.getByText('Chain lengths').first().click()
    await page.getByRole('tab', { name: 'Expiry', exact: true }).click()
    await page.getByRole('tab', { name: 'Strategies', exact: true }).click()
    await page.getByTestId('loop-sandbox').getByRole('button', { name: 'One loop', exact: true }).click()
    await check('strategies')
  })

test('the sandboxes do not scroll the page sideways at 390 x 844', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 })
  await page.getByRole('button', { name: 'Type the examples' }).click()
  await expect(page.locator('.kb', { hasText: 'board' })).toBeVisible({ timeout: 20_000 })
  const wide = () => page.evaluate(() => document.documentElement.scrollWidth)
  await page.locator('.kb', { hasText: 'prefs:7' }).click()
  await press(page, 'Sandbox')
  expect(await wide()).toBeLessThanOrEqual(390)
  await page.locator('.kb', { hasText: 'jobs' }).click()
  await press(page, 'Split and merge, step by step')
  expect(await wide()).toBeLessThanOrEqual(390)
  await page.getByRole('tab', { name: 'Expiry', exact: true }).click()
  await page.getByRole('tab', { name: 'Strategies', exact: true }).click()
  expect(await wide()).toBeLessThanOrEqual(390)
})
