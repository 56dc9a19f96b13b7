/** What a person does on the built page. Every test also fails on a console error. */
import { card, clock, expect, type Page, screenText, serious, test } from './page.ts'

/** Lets the page draw some frames: what would move has moved by then. */
async function frames(page: Page, n: number): Promise<void> {
  await page.evaluate(
    (left) =>
      new Promise<void>((resolve) => {
        const next = (k: number): number => (k === 0 ? (resolve(), 0) : requestAnimationFrame(() => next(k - 1)))
        next(left)
      }),
    n,
  )
}

/** A page that stands, with every process up. */
async function openPaused(page: Page, query?: string): Promise<void> {
  await open(page, query)
  await expect(screenText(page)).toContainText('6379>', { timeout: 15_000 })
  await page.getByRole('button', { name: 'Pause', exact: true }).click()
  await expect(page.getByRole('button', { name: 'Play', exact: true })).toBeVisible()
}

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

test('a second tab runs another redis-cli, and Tab, history and hints work in it', async ({ page }) => {
  await open(page)
  await expect(screenText(page)).toContainText('6379>', { timeout: 15_000 })
  await card(page, 'redis-2').click()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('tab', { name: '10.0.0.12:6379' })).toHaveAttribute('aria-selected', 'true')
  await expect(screenText(page)).toContainText('10.0.0.12:6379>', { timeout: 15_000 })
  await page.locator('.term-pane:not([hidden]) textarea').focus()
  await page.keyboard.type('getra')
  await page.keyboard.press('Tab')
  await expect(screenText(page)).toContainText(/GETRANGE/)
  await page.keyboard.type(' ')
  await expect(screenText(page)).toContainText('key start end')
  await page.keyboard.press('Control+u')
  await type(page, 'ECHO once-more', '"once-more"')
  await page.keyboard.press('ArrowUp')
  await expect(screenText(page)).toContainText(/ECHO once-more[\s\S]*"once-more"[\s\S]*ECHO once-more/)
})

test('pause freezes the clock, and a step advances by one event', async ({ page }) => {
  await open(page)
  await page.getByRole('button', { name: 'Pause', exact: true }).click()
  await expect(page.getByRole('button', { name: 'Play', exact: true })).toBeVisible()
  const events = async (): Promise<number> =>
    Number((await page.getByTestId('event-count').textContent())?.replace(/\D/g, ''))
  const before = await clock(page)
  const count = await events()
  await frames(page, 30)
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
  await frames(page, 30)
  expect(await clock(page)).toBe(at)
})

test('a worker that dies of an engine fault shows its report, and the rest goes on', async ({ page, problems }) => {
  await open(page)
  await expect.poll(() => clock(page), { timeout: 30_000 }).toBeGreaterThan(1_000_000)
  const worker = page.workers().filter((w) => /process/.test(w.url()))[1]
  expect(worker).toBeDefined()
  await worker?.evaluate(
    () =>
      void setTimeout(() => {
        throw new Error('a test broke this worker')
      }, 0),
  )
  const broken = page.locator('.proc[data-state=crashed]')
  await expect(broken).toHaveCount(1, { timeout: 15_000 })
  await broken.click()
  const report = page.getByRole('alert', { name: /Engine error in/ })
  await expect(report).toContainText('a test broke this worker')
  await expect(report.getByRole('button', { name: 'Copy the report' })).toBeVisible()
  const at = await clock(page)
  await expect.poll(() => clock(page)).toBeGreaterThan(at + 500_000)
  await page.getByRole('button', { name: /^Restart redis-|^Restart s\d/ }).click()
  await expect(broken).toHaveCount(0, { timeout: 15_000 })
  // The fault that the test made is the one error there may be.
  const others = problems.filter((text) => !text.includes('a test broke this worker'))
  problems.splice(0, problems.length, ...others)
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

test('a breakpoint on a process stops at its next event', async ({ page }) => {
  await open(page)
  await expect.poll(() => clock(page), { timeout: 60_000 }).toBeGreaterThan(3_000_000)
  await card(page, 'redis-3').click()
  await page.keyboard.press('b')
  await expect(page.getByRole('button', { name: 'Pause on any of redis-3' })).toHaveAttribute('aria-pressed', 'true')
  await page.keyboard.press('p')
  await expect(page.getByRole('button', { name: /Pause on any of redis-3, hit/ })).toBeVisible({ timeout: 30_000 })
  await expect(page.getByRole('button', { name: 'Play', exact: true })).toBeVisible()
})

test('several wrong parameters are each named, and what the page does not know is said', async ({ page }) => {
  await page.goto('/?seed=-1&speed=99&scenario=nowhere&colour=red')
  const alert = page.getByRole('alert')
  for (const text of ['seed=-1', 'speed=99', 'scenario=nowhere', 'colour=red'])
    await expect(alert).toContainText(text, { timeout: 15_000 })
  await expect(card(page, 'redis-1')).toHaveAttribute('data-role', 'master', { timeout: 15_000 })
  await page.getByRole('button', { name: 'Dismiss' }).first().click()
  await expect(alert).not.toContainText('seed=-1')
})

test('a step marks what it changed and says it in a sentence', async ({ page }) => {
  await openPaused(page)
  const changed = page.locator('[data-changed]')
  await expect(changed).toHaveCount(0)
  await expect(async () => {
    await page.keyboard.press('.')
    await expect(changed.first()).toBeVisible({ timeout: 1000 })
  }).toPass({ timeout: 30_000 })
  await expect(page.getByTestId('what-changed')).toContainText(/got|sent|timer|events/)
  await page.getByRole('button', { name: 'Play', exact: true }).click()
  await expect(changed).toHaveCount(0)
})

test('the mark of a step does not move where motion is not wanted', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await openPaused(page)
  const mark = page.locator('[data-changed] .pulse').first()
  await expect(async () => {
    await page.keyboard.press('.')
    await expect(mark).toBeVisible({ timeout: 1000 })
  }).toPass({ timeout: 30_000 })
  expect(await mark.evaluate((el) => getComputedStyle(el).animationName)).toBe('none')
})

test('the latency of links is a field: bad input is explained, good input is shown', async ({ page }) => {
  await open(page)
  await page.getByRole('button', { name: 'Latency', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: 'Latency of links' })
  const field = dialog.getByLabel('Latency, ms')
  await expect(field).toHaveValue('0.5')
  for (const [bad, why] of [
    ['12o', '"12o" is not a number'],
    ['', 'The field is empty'],
    ['0', '0 is too small'],
    ['999999', '999999 is too much'],
  ] as const) {
    await field.fill(bad)
    await field.press('Enter')
    await expect(dialog.getByRole('alert')).toContainText(why)
    await expect(field).toHaveAttribute('aria-invalid', 'true')
  }
  await dialog.getByRole('combobox', { name: 'Which links' }).selectOption({ label: '10.0.0.11 to 10.0.0.12' })
  await dialog.getByLabel('Latency, ms').fill('80')
  await dialog.getByLabel('Latency, ms').press('Enter')
  await expect(page.getByTestId('latency-box-1-box-2')).toHaveText('80 ms', { timeout: 10_000 })
  await expect(page.getByTestId('latency-box-1-box-3')).toHaveText('0.5 ms')
  await page.keyboard.press('Escape')
  await expect(dialog).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Latency', exact: true })).toBeFocused()
})

test('panels are resized by dragging, by touch and by keys, and the browser remembers', async ({ page }) => {
  await open(page)
  const height = async (): Promise<number> => (await page.locator('#terminals').boundingBox())?.height ?? 0
  const width = async (): Promise<number> => (await page.locator('#inspector').boundingBox())?.width ?? 0
  const terms = page.getByRole('separator', { name: 'Height of the terminals' })
  const inspector = page.getByRole('separator', { name: 'Width of the inspector' })
  const was = [await height(), await width()] as const
  const line = (await terms.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 }
  await page.mouse.move(line.x + 100, line.y)
  await page.mouse.down()
  await page.mouse.move(line.x + 100, line.y - 60, { steps: 4 })
  await page.mouse.up()
  expect(await height()).toBe(was[0] + 60)
  await expect(terms).toHaveAttribute('aria-valuenow', String(was[0] + 60))
  await inspector.focus()
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('Shift+ArrowLeft')
  expect(await width()).toBe(was[1] + 48)
  await inspector.evaluate((el) => {
    const at = el.getBoundingClientRect()
    const fire = (type: string, x: number) =>
      el.dispatchEvent(
        new PointerEvent(type, { pointerId: 7, pointerType: 'touch', clientX: x, clientY: at.y + 50, bubbles: true }),
      )
    el.setPointerCapture = () => {}
    fire('pointerdown', at.x)
    fire('pointermove', at.x - 20)
    fire('pointerup', at.x - 20)
  })
  await expect.poll(width).toBe(was[1] + 68)
  await page.reload()
  await expect(card(page, 'redis-1')).toBeVisible({ timeout: 15_000 })
  expect([await height(), await width()]).toEqual([was[0] + 60, was[1] + 68])
  await inspector.focus()
  await page.keyboard.press('Enter')
  expect(await width()).toBe(was[1])
  await terms.dblclick()
  expect(await height()).toBe(was[0])
})

test('a paste of 16 KB arrives whole, and the page stays alive', async ({ page }) => {
  await open(page)
  await expect(screenText(page)).toContainText('6379>', { timeout: 15_000 })
  await page.locator('.term-pane:not([hidden]) textarea').focus()
  const drawn = await page.evaluate(async () => {
    const text = `SET pasted ${'x'.repeat(16_384)}`
    const clipboardData = new DataTransfer()
    clipboardData.setData('text/plain', text)
    const target = document.querySelector('.term-pane:not([hidden]) textarea')
    target?.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
    const from = performance.now()
    let worst = 0
    for (let last = from, n = 0; n < 60; n++) {
      await new Promise((r) => requestAnimationFrame(r))
      worst = Math.max(worst, performance.now() - last)
      last = performance.now()
    }
    return worst
  })
  // A redraw for each character held the page for seconds.
  expect(drawn).toBeLessThan(1000)
  await page.keyboard.press('Enter')
  await expect(screenText(page)).toContainText('OK', { timeout: 15_000 })
  await type(page, 'STRLEN pasted', '(integer) 16384')
})

test('lines that are pasted together run one after the other', async ({ page }) => {
  await open(page)
  await expect(screenText(page)).toContainText('6379>', { timeout: 15_000 })
  await page.locator('.term-pane:not([hidden]) textarea').focus()
  await page.evaluate(() => {
    const clipboardData = new DataTransfer()
    clipboardData.setData('text/plain', 'SET n 40\nINCRBY n 2\nGET n\n')
    const target = document.querySelector('.term-pane:not([hidden]) textarea')
    target?.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
  })
  await expect(screenText(page)).toContainText(/SET n 40\s*OK[\s\S]*INCRBY n 2\s*\(integer\) 42[\s\S]*GET n\s*"42"/, {
    timeout: 15_000,
  })
})

test('a terminal whose size changes out of sight shows the end of what was written', async ({ page }) => {
  // A browser that is never idle: xterm puts off to then what it does not do at once.
  await page.addInitScript(() => {
    window.requestIdleCallback = () => 0
  })
  await open(page)
  await type(page, 'DEBUG HELP', 'HELP')
  await type(page, 'ECHO here', '"here"')
  const style = (css: string) =>
    page.locator('.term-pane:not([hidden]) .xt').evaluate((el, text) => {
      ;(el as HTMLElement).style.cssText = text
    }, css)
  await style('translate: 0 3000px')
  await frames(page, 3)
  await style('translate: 0 3000px; height: 60px; min-height: 0; flex: none')
  await frames(page, 3)
  await style('height: 60px; min-height: 0; flex: none')
  await expect.poll(() => screenText(page).locator('> div').count()).toBeLessThan(6)
  await expect(screenText(page)).toContainText('"here"')
})

test('F6 goes from region to region, and a terminal is left with Escape', async ({ page }) => {
  await open(page)
  await card(page, 'redis-1').click()
  const inside = (query: string): Promise<boolean> =>
    page.evaluate((q) => document.querySelector(q)?.contains(document.activeElement) ?? false, query)
  await page.keyboard.press('F6')
  expect(await inside('#terminals')).toBe(true)
  await page.keyboard.press('F6')
  expect(await inside('#inspector')).toBe(true)
  await page.keyboard.press('F6')
  expect(await inside('.time')).toBe(true)
  await page.keyboard.press('Control+`')
  await expect(page.locator('.term-pane:not([hidden]) textarea')).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(card(page, 'redis-1')).toBeFocused()
})

test('a world that cannot start says why, and the page offers a way on', async ({ page, problems }) => {
  await page.route('**/conductor-worker*', (route) => route.abort())
  await page.goto('/?seed=7')
  const alert = page.getByRole('alert').filter({ hasText: 'The world could not start' })
  await expect(alert).toBeVisible({ timeout: 15_000 })
  await expect(alert.getByRole('button', { name: 'Copy the report' })).toBeVisible()
  await page.unroute('**/conductor-worker*')
  await alert.getByRole('button', { name: 'Reload' }).click()
  await expect(card(page, 'redis-1')).toHaveAttribute('data-role', 'master', { timeout: 15_000 })
  // That the script of the world did not load is an error in the console.
  problems.length = 0
})

test('a browser without storage runs the lab all the same', async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, 'localStorage', {
      get: () => {
        throw new DOMException('denied', 'SecurityError')
      },
    })
  })
  await open(page)
  await page.getByRole('button', { name: /^(Light|Dark) theme$/ }).click()
  const line = page.getByRole('separator', { name: 'Height of the terminals' })
  const was = Number(await line.getAttribute('aria-valuenow'))
  await line.press('ArrowUp')
  await expect(line).toHaveAttribute('aria-valuenow', String(was + 8))
})

test('an arrow points at the selection outside the view and leads there', async ({ page }) => {
  await open(page)
  for (let i = 0; i < 6; i++) await page.getByRole('button', { name: 'Zoom in' }).click()
  await page.getByTestId('canvas').evaluate((el) => el.scrollTo(el.scrollWidth, el.scrollHeight))
  const pointer = page.getByTestId('pointer-redis-1')
  await expect(pointer).toBeVisible()
  await pointer.click()
  await expect(pointer).toHaveCount(0)
  await expect(card(page, 'redis-1')).toBeInViewport()
})

test('a line drawn between boxes cuts them off', async ({ page }) => {
  await open(page)
  await page.keyboard.press('x')
  const at = (await page.getByTestId('cut-line').boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 }
  const x = at.x + at.width / 2
  await page.mouse.move(x, at.y + 4)
  await page.mouse.down()
  await page.mouse.move(x, at.y + at.height - 80, { steps: 4 })
  await page.mouse.up()
  await expect(page.getByTestId('cut')).toHaveCount(1)
  await page.keyboard.press('h')
  await expect(page.getByTestId('cut')).toHaveCount(0)
})

test('the node menu works by keyboard alone and gives the focus back', async ({ page }) => {
  await open(page)
  // Of a process that is not up yet kill can't be chosen.
  await expect(card(page, 'redis-2')).toHaveAttribute('aria-label', /running/)
  await card(page, 'redis-2').focus()
  await card(page, 'redis-2').click()
  await page.keyboard.press('m')
  const menu = page.getByRole('menu', { name: 'Menu of redis-2' })
  await expect(menu.getByRole('menuitem', { name: /kill -9/ })).toBeFocused()
  await page.keyboard.press('End')
  await expect(menu.getByRole('menuitem', { name: /Open redis-cli/ })).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(menu).toHaveCount(0)
  await expect(card(page, 'redis-2')).toBeFocused()
  await page.keyboard.press('m')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(card(page, 'redis-2')).toHaveAttribute('data-state', 'paused')
})

test('the screen-reader mode of the terminal is a setting that is kept', async ({ page }) => {
  await open(page)
  await expect(page.locator('.xterm-accessibility')).toHaveCount(0)
  await page.keyboard.press('?')
  await page.getByLabel('Screen-reader mode of the terminals').check()
  await page.keyboard.press('Escape')
  await expect(page.locator('.xterm-accessibility').first()).toBeAttached()
  await page.reload()
  await expect(page.locator('.xterm-accessibility').first()).toBeAttached({ timeout: 15_000 })
})

test('characters that reorder or hide text are made visible everywhere', async ({ page }) => {
  await open(page)
  await expect(screenText(page)).toContainText('6379>', { timeout: 15_000 })
  await page.locator('.term-pane:not([hidden]) textarea').focus()
  await page.keyboard.insertText('SET "a\u202eb\u009b31m" v')
  await page.keyboard.press('Enter')
  await expect(screenText(page)).toContainText('OK', { timeout: 15_000 })
  await page.getByRole('tab', { name: 'Keys' }).click()
  await expect(page.locator('.keytable')).toContainText('a\\xe2\\x80\\xaeb', { timeout: 15_000 })
  expect(await page.locator('body').innerText()).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u0080-\u009f]/)
})

for (const theme of ['light', 'dark'] as const) {
  test(`axe finds nothing serious (${theme})`, async ({ page }) => {
    // Six looks at the whole page, on processors that may be shared.
    test.setTimeout(240_000)
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    await openPaused(page)
    expect(await serious(page), 'the main screen').toEqual([])
    await page.keyboard.press('m')
    await expect(page.getByRole('menu')).toBeVisible()
    expect(await serious(page), 'with the node menu').toEqual([])
    await page.keyboard.press('Escape')
    await page.keyboard.press('x')
    await page.keyboard.press('d')
    await expect(page.getByRole('dialog')).toBeVisible()
    expect(await serious(page), 'with the partition tool and the latency panel').toEqual([])
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'As a table' }).click()
    await page.getByRole('button', { name: 'Add a breakpoint' }).click()
    expect(await serious(page), 'with the table and a new breakpoint').toEqual([])
    await page.keyboard.press('Escape')
    await card(page, 'redis-1').or(page.locator('.twin')).first().focus()
    await page.keyboard.press('?')
    await expect(page.getByRole('dialog')).toBeVisible()
    expect(await serious(page), 'with the list of keys').toEqual([])
  })
}

for (const [width, height] of [
  [1280, 720],
  [1024, 768],
  [768, 1024],
  [390, 844],
] as const) {
  test(`everything has its place at ${width} x ${height}`, async ({ page }) => {
    test.slow()
    await page.setViewportSize({ width, height })
    await open(page)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
    await expect(page.getByTestId('clock')).toBeInViewport({ ratio: 1 })
    // Cards lie within the canvas, or the canvas scrolls to them.
    const outside = await page.evaluate(() => {
      const canvas = document.querySelector('[data-testid=canvas]')
      const edge = canvas?.getBoundingClientRect()
      if (!canvas || !edge) return ['no canvas']
      const scrolls = getComputedStyle(canvas).overflow.includes('auto')
      return [...document.querySelectorAll('.host')]
        .map((el) => el.getBoundingClientRect())
        .filter(
          (r) => !scrolls && (r.left < edge.left || r.right > edge.right || r.bottom > edge.bottom || r.top < edge.top),
        )
        .map((r) => `${r.left},${r.top} to ${r.right},${r.bottom}`)
    })
    expect(outside).toEqual([])
    // No control of the time bar lies on another.
    const clashes = await page.evaluate(() => {
      const rects = [...document.querySelectorAll('.time .ctl button, .time .ctl input, .time .ctl select, .clock')]
        .map((el) => ({ el, r: el.getBoundingClientRect() }))
        .filter(({ r }) => r.width > 0)
      return rects.flatMap(({ el, r }, i) =>
        rects
          .slice(i + 1)
          .filter(
            ({ r: o }) => r.left < o.right - 1 && o.left < r.right - 1 && r.top < o.bottom - 1 && o.top < r.bottom - 1,
          )
          .map(({ el: other }) => `${el.className} on ${other.className}`),
      )
    })
    expect(clashes).toEqual([])
    expect(await serious(page)).toEqual([])
  })
}

test('a phone shows the state, a terminal and the log in one sheet, and breakpoints behind a chip', async ({
  page,
}) => {
  await page.setViewportSize({ width: 390, height: 844 })
  await open(page)
  await card(page, 'redis-2').click()
  await expect(page.locator('.insp-head')).toContainText('10.0.0.12:6379')
  await page.getByRole('tab', { name: 'Event log' }).click()
  await expect(page.getByRole('log', { name: 'Event log' })).toBeVisible()
  await page.getByRole('tab', { name: 'Terminal' }).click()
  await expect(screenText(page)).toContainText('6379>', { timeout: 15_000 })
  await page.getByRole('button', { name: 'Breakpoints, 0 armed' }).click()
  await page.getByRole('button', { name: 'Pause on +odown' }).click()
  await expect(page.getByRole('button', { name: 'Breakpoints, 1 armed' })).toBeVisible()
  await page.getByRole('combobox', { name: 'Speed' }).selectOption('0.1')
  await expect(page.getByRole('combobox', { name: 'Speed' })).toHaveValue('0.1')
})

test('a failover at ten times the clock does not hold the page up', async ({ page }) => {
  await open(page, '?seed=7&speed=10')
  await expect.poll(() => clock(page), { timeout: 60_000 }).toBeGreaterThan(12_000_000)
  // Processor time of the page's thread, not time on the wall: tests share their processors with others.
  const inspector = await page.context().newCDPSession(page)
  await inspector.send('Performance.enable', { timeDomain: 'threadTicks' })
  const metrics = async (): Promise<Map<string, number>> =>
    new Map((await inspector.send('Performance.getMetrics')).metrics.map((m) => [m.name, m.value]))
  await card(page, 'redis-1').click()
  const before = await metrics()
  await page.keyboard.press('k')
  const from = await clock(page)
  await expect.poll(() => clock(page), { timeout: 60_000 }).toBeGreaterThan(from + 20_000_000)
  const after = await metrics()
  const spent = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0)
  expect(spent('RecalcStyleCount')).toBeGreaterThan(10)
  expect((spent('TaskDuration') * 1000) / spent('RecalcStyleCount'), 'milliseconds for a frame').toBeLessThan(30)
})

test('redis-cli takes options: a mode runs in a tab of its own, Ctrl-C ends it, an open quote is told', async ({
  page,
}) => {
  await open(page)
  await type(page, 'SET user:1 hello', 'OK')
  await page.getByRole('button', { name: 'Options' }).click()
  const field = page.getByTestId('cli-options')
  await field.fill("--scan --pattern 'user:*")
  await page.keyboard.press('Enter')
  await expect(page.getByRole('alert')).toContainText('quote')
  await field.fill("--scan --pattern 'user:*'")
  await page.keyboard.press('Enter')
  await expect(screenText(page)).toContainText('"user:1"', { timeout: 15_000 })
  await expect(page.getByText('redis-cli exited with code 0')).toBeVisible()
  await page.getByRole('button', { name: 'Options' }).click()
  await field.fill('--stat -i 0.2')
  await page.keyboard.press('Enter')
  await expect(screenText(page)).toContainText('------- data ------', { timeout: 15_000 })
  await expect(screenText(page)).toContainText(/\(\+\d+\)/)
  await page.locator('.term-pane:not([hidden]) textarea').focus()
  await page.keyboard.press('Control+c')
  await expect(page.getByText('redis-cli exited with code 130')).toBeVisible()
})
