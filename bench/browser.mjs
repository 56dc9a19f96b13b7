// G18: three servers and three Sentinels, and six nodes of a cluster with three Sentinels, one worker per process in Chromium, idle: virtual seconds per
// wall second. G22: while a worker loads 1,000,000 keys, the longest task of the page's own thread in processor time; by
// the clock as well, which where workers compete for cores includes waiting for one. G23: from opening the built page
// (browser warm) to the answer of the first command at the first prompt. G21: frames a second and script a frame while the
// slot map, the gossip and the last 200 packets of the bus are drawn of seven nodes, a client under load and a redis-cli.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { chromium } from '@playwright/test'
import { ensureBrowser, root } from '../scripts/setup.mjs'
import { serveWorldPage } from '../scripts/world-page.mjs'

const show = (goal, what, figure, must) =>
  console.log(`${goal.padEnd(4)} ${what.padEnd(46)} ${figure.padStart(12)}   must ${must}`)
const middle = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]

async function pace(browser) {
  const served = await serveWorldPage()
  try {
    const page = await browser.newPage()
    await page.goto(served.url)
    for (const nine of [false, true]) {
      const ratios = []
      let last
      for (let i = 0; i < 3; i++) {
        last = await page.evaluate((n) => globalThis.worldPage.pace(60, n), nine)
        ratios.push(last.ratio)
      }
      const all = ratios.map((r) => r.toFixed(1)).join(', ')
      const what = nine ? 'six cluster nodes, three Sentinels' : 'three servers, three Sentinels'
      show('G18', `idle, ${what}`, `${middle(ratios).toFixed(1)}x`, '5x')
      console.log(`     runs ${all}; ${last.workers} workers, ${Math.round(last.events / 60)} events a virtual second`)
    }
    await page.close()
  } finally {
    served.close()
  }
}

async function withLab(run) {
  const port = 5183
  const server = spawn(process.execPath, [join(root, 'scripts', 'start.mjs')], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((resolve, reject) => {
    server.stdout.on('data', (text) => String(text).includes('Rehash is running') && resolve())
    server.on('exit', () => reject(new Error('npm start ended')))
  })
  try {
    await run(`http://localhost:${port}`)
  } finally {
    server.kill()
  }
}

async function firstPrompt(browser, address) {
  const times = []
  for (let i = 0; i < 6; i++) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
    const page = await context.newPage()
    const started = performance.now()
    await page.goto(`${address}/?seed=7`, { waitUntil: 'commit' })
    const rows = await prompt(page)
    await page.keyboard.type('ping\n')
    await rows.getByText('PONG').first().waitFor()
    times.push((performance.now() - started) / 1000)
    await context.close()
  }
  // The first visit warms the browser.
  const warm = times.slice(1)
  show('G23', 'first prompt answered', `${middle(warm).toFixed(2)} s`, '2 s')
  console.log(`     runs ${warm.map((t) => t.toFixed(2)).join(', ')}`)
}
async function prompt(page) {
  const rows = page.locator('.term-pane:not([hidden]) .xterm-rows')
  await rows.getByText('6379>').first().waitFor()
  await page.locator('.term-pane:not([hidden]) textarea').focus()
  return rows
}

const KEYS = 1_000_000
async function load(browser, address) {
  for (const view of ['topology', 'structures']) {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    await page.addInitScript(() => {
      globalThis.longTasks = []
      const watch = new PerformanceObserver((list) => {
        for (const e of list.getEntries()) globalThis.longTasks.push(e.duration)
      })
      watch.observe({ entryTypes: ['longtask'] })
    })
    await page.goto(`${address}/?seed=7&view=${view}`)
    const rows = await prompt(page)
    await page.waitForTimeout(2000)
    await browser.startTracing(page, { categories: ['toplevel'] })
    await page.evaluate(() => {
      globalThis.longTasks.length = 0
    })
    const started = performance.now()
    const step = KEYS / 20
    for (let from = 1; from < KEYS; from += step) {
      await page.keyboard.insertText(
        `EVAL "for i=${from},${from + step - 1} do redis.call('SET','key:'..i,i) end" 0`,
      )
      await page.keyboard.press('Enter')
    }
    await page.keyboard.insertText('DBSIZE')
    await page.keyboard.press('Enter')
    await rows.getByText(`(integer) ${KEYS}`).first().waitFor({ timeout: 300_000 })
    const took = (performance.now() - started) / 1000
    const long = await page.evaluate(() => globalThis.longTasks)
    const worst = longestTask(JSON.parse((await browser.stopTracing()).toString()).traceEvents)
    show('G22', `longest task while loading, ${view}`, `${worst.toFixed(0)} ms`, '50 ms')
    const wall = long.length === 0 ? 'none above 50 ms' : `${long.length} above 50 ms, longest ${Math.max(...long).toFixed(0)} ms`
    console.log(`     ${KEYS} keys in ${took.toFixed(1)} s; by the clock ${wall}`)
    await page.close()
  }
}
const LOOKED_S = 8
async function slots(browser, address) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  await page.goto(`${address}/?scenario=cluster-7&view=slots&seed=7`)
  await page.getByText('cluster_state ok').waitFor()
  await page.getByRole('tab', { name: 'Clients' }).click()
  await page.getByTestId('start-client').click()
  await page.getByText(/acked [1-9]/).first().waitFor()
  await page.getByRole('tab', { name: 'Slots', exact: true }).first().click()
  await page.getByRole('tab', { name: 'Cluster bus' }).click()
  await page.locator('.bus-row').nth(199).waitFor({ timeout: 120_000 })
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' }).catch(() => cdp.send('Performance.enable'))
  const script = async () =>
    (await cdp.send('Performance.getMetrics')).metrics.find((m) => m.name === 'ScriptDuration').value
  const before = await script()
  const frames = await page.evaluate(
    (ms) =>
      new Promise((done) => {
        let n = 0
        const end = performance.now() + ms
        const tick = (now) => {
          n++
          if (now < end) requestAnimationFrame(tick)
          else done(n)
        }
        requestAnimationFrame(tick)
      }),
    LOOKED_S * 1000,
  )
  const each = ((await script()) - before) * 1000 / frames
  show('G21', 'slot map, bus, 9 processes: frames a second', `${(frames / LOOKED_S).toFixed(1)}`, '50')
  show('G21', 'script of a frame', `${each.toFixed(2)} ms`, '4 ms')
  await page.close()
}
/** The most processor time, in ms, that one task of the page's own thread took. */
function longestTask(events) {
  const main = new Set()
  for (const e of events)
    if (e.name === 'thread_name' && e.args.name === 'CrRendererMain') main.add(`${e.pid}:${e.tid}`)
  let most = 0
  for (const e of events)
    if (e.ph === 'X' && e.tdur !== undefined && main.has(`${e.pid}:${e.tid}`)) most = Math.max(most, e.tdur / 1000)
  return most
}

const executablePath = ensureBrowser()
const browser = await chromium.launch({ ...(executablePath ? { executablePath } : {}), args: ['--no-sandbox'] })
try {
  await pace(browser)
  await withLab(async (address) => {
    await firstPrompt(browser, address)
    await slots(browser, address)
    await load(browser, address)
  })
} finally {
  await browser.close()
}
