/** What a person does on the built page. Every test also fails on a console error. */
import AxeBuilder from '@axe-core/playwright'
import { expect, type Page, test } from '@playwright/test'

const problems = new Map<Page, string[]>()

test.beforeEach(async ({ page }) => {
  const list: string[] = []
  problems.set(page, list)
  page.on('console', (m) => {
    if (m.type() === 'error') list.push(m.text())
  })
  page.on('pageerror', (e) => list.push(String(e)))
})
test.afterEach(async ({ page }) => {
  expect(problems.get(page), 'console errors').toEqual([])
})

const card = (page: Page, name: string) => page.getByTestId(`process-${name}`)
const screenText = (page: Page) => page.locator('.term-pane:not([hidden]) .xterm-rows')
const clock = async (page: Page): Promise<number> => Number(await page.getByTestId('clock').getAttribute('data-micros'))

async function open(page: Page, query = '?seed=7'): Promise<void> {
  await page.goto(`/${query}`)
  await expect(card(page, 'redis-1')).toHaveAttribute('data-role', 'master', { timeout: 15_000 })
}

/** Type into the terminal that is shown and wait for the text of an answer. */
async function type(page: Page, command: string, answer: string | RegExp): Promise<void> {
  await page.locator('.term-pane:not([hidden]) textarea').focus()
  await page.keyboard.type(`${command}\n`)
  await expect(screenText(page)).toContainText(answer, { timeout: 15_000 })
}

test('the first prompt answers typed commands', async ({ page }) => {
  await open(page)
  await expect(screenText(page)).toContainText('6379>', { timeout: 15_000 })
  await type(page, 'SET greeting "hello"', 'OK')
  await type(page, 'GET greeting', '"hello"')
  await type(page, 'INCR greeting', '(error) ERR value is not an integer or out of range')
  await type(page, 'ZADD z 1 a 2 b', '(integer) 2')
})

test('one worker runs for each process', async ({ page }) => {
  await open(page)
  // The conductor has one of its own.
  const engineWorkers = async (): Promise<number> => page.workers().filter((w) => /process/.test(w.url())).length
  await expect(card(page, 's3')).toBeVisible()
  const shown = async (): Promise<number> => Number(await page.locator('[data-workers]').getAttribute('data-workers'))
  await expect
    .poll(async () => Math.max(await engineWorkers(), await shown()), { timeout: 15_000 })
    .toBeGreaterThanOrEqual(6)
})

test('killing the master ends in a promotion, and the old master comes back as a replica', async ({ page }) => {
  await open(page)
  await card(page, 'redis-1').click()
  await page.keyboard.press('+')
  await page.keyboard.press('+')
  // Sentinels must have found each other and the replicas before the master dies.
  await expect.poll(() => clock(page), { timeout: 60_000 }).toBeGreaterThan(15_000_000)
  await page.keyboard.press('k')
  await expect(card(page, 'redis-1')).toHaveAttribute('data-state', 'killed')
  await expect(page.locator('[data-testid^=process-redis-][data-role=master][data-state=running]')).toHaveCount(1, {
    timeout: 60_000,
  })
  await expect(card(page, 'redis-1')).not.toHaveAttribute('data-state', 'running')
  await card(page, 'redis-1').click()
  await page.keyboard.press('r')
  await expect(card(page, 'redis-1')).toHaveAttribute('data-role', 'replica', { timeout: 60_000 })
})

test('pause freezes the clock, and a step advances by one event', async ({ page }) => {
  await open(page)
  await page.getByRole('button', { name: 'Pause', exact: true }).click()
  await expect(page.getByRole('button', { name: 'Play', exact: true })).toBeVisible()
  const before = await clock(page)
  const events = async (): Promise<number> =>
    Number((await page.getByTestId('event-count').textContent())?.replace(/\D/g, ''))
  const count = await events()
  await page.waitForTimeout(500)
  expect(await clock(page)).toBe(before)
  await page.getByRole('button', { name: 'Step one event' }).click()
  await expect.poll(events).toBe(count + 1)
  expect(await clock(page)).toBeGreaterThanOrEqual(before)
})

test('a command typed while the world stands runs it just to the answer', async ({ page }) => {
  await open(page)
  await expect(screenText(page)).toContainText('6379>', { timeout: 15_000 })
  await page.getByRole('button', { name: 'Pause', exact: true }).click()
  await expect(page.getByRole('button', { name: 'Play', exact: true })).toBeVisible()
  await type(page, 'ECHO standing-still', '"standing-still"')
  await expect(page.getByRole('button', { name: 'Play', exact: true })).toBeVisible()
})

test('a breakpoint stops the world at the event', async ({ page }) => {
  await open(page)
  await expect.poll(() => clock(page), { timeout: 60_000 }).toBeGreaterThan(12_000_000)
  const chip = page.getByRole('group', { name: 'Pause on' }).getByRole('button', { name: /\+odown/ })
  if ((await chip.getAttribute('aria-pressed')) !== 'true') await chip.click()
  await card(page, 'redis-1').click()
  await page.keyboard.press('k')
  await expect(page.getByRole('button', { name: /Pause on \+odown, hit/ })).toBeVisible({ timeout: 60_000 })
  const at = await clock(page)
  await page.waitForTimeout(400)
  expect(await clock(page)).toBe(at)
})

test('cutting a box off and healing it', async ({ page }) => {
  await open(page)
  await card(page, 'redis-3').click()
  await page.keyboard.press('i')
  await expect(page.getByTestId('cut').first()).toBeVisible()
  await page.getByTestId('cut').first().getByRole('button', { name: /heal/i }).click()
  await expect(page.getByTestId('cut')).toHaveCount(0)
})

test('text stored in a key is shown as text', async ({ page }) => {
  await open(page)
  await expect(screenText(page)).toContainText('6379>', { timeout: 15_000 })
  await type(page, 'SET "<img src=x onerror=window.hacked=1>" "\\x1b]0;owned\\x07"', 'OK')
  await card(page, 'redis-1').click()
  await page.getByRole('tab', { name: 'Keys' }).click()
  await expect(page.getByText('<img src=x onerror=window.hacked=1>').first()).toBeVisible({ timeout: 10_000 })
  expect(await page.evaluate(() => (window as { hacked?: number }).hacked)).toBeUndefined()
})

test('the theme can be chosen and is kept', async ({ page }) => {
  await open(page)
  const theme = (): Promise<string | null> => page.locator('html').getAttribute('data-theme')
  const was = await theme()
  await page.getByRole('button', { name: /^(Light|Dark) theme$/ }).click()
  const now = await theme()
  expect(now).not.toBe(was)
  await page.reload()
  await expect(card(page, 'redis-1')).toBeVisible({ timeout: 15_000 })
  expect(await theme()).toBe(now)
})

test('a wrong address parameter is named and the page stays usable', async ({ page }) => {
  await page.goto('/?seed=abc')
  await expect(page.getByRole('alert').filter({ hasText: 'seed' })).toBeVisible({ timeout: 15_000 })
  await expect(card(page, 'redis-1')).toHaveAttribute('data-role', 'master', { timeout: 15_000 })
})

for (const theme of ['light', 'dark'] as const) {
  test(`axe finds nothing serious (${theme})`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: theme })
    await open(page)
    const { violations } = await new AxeBuilder({ page }).analyze()
    const serious = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical')
    expect(serious.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)).toEqual([])
  })
}

for (const [width, height] of [
  [1280, 720],
  [390, 844],
] as const) {
  test(`nothing scrolls the page sideways at ${width} x ${height}`, async ({ page }) => {
    await page.setViewportSize({ width, height })
    await open(page)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
    await expect(page.getByTestId('clock')).toBeVisible()
  })
}
