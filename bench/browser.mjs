// G18: the deployment of three servers and three Sentinels, one worker per process in Chromium, idle: virtual seconds per
// wall second. G23: from opening the built page (browser warm) to the answer of the first command at the first prompt.
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
    const ratios = []
    let last
    for (let i = 0; i < 3; i++) {
      last = await page.evaluate(() => globalThis.worldPage.pace(60))
      ratios.push(last.ratio)
    }
    const all = ratios.map((r) => r.toFixed(1)).join(', ')
    show('G18', `idle, ${last.workers} workers in Chromium`, `${middle(ratios).toFixed(1)}x`, '5x')
    console.log(`     runs ${all}; ${Math.round(last.events / 60)} events a virtual second`)
    await page.close()
  } finally {
    served.close()
  }
}

async function firstPrompt(browser) {
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
    const times = []
    for (let i = 0; i < 6; i++) {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
      const page = await context.newPage()
      const started = performance.now()
      await page.goto(`http://localhost:${port}/?seed=7`, { waitUntil: 'commit' })
      const rows = page.locator('.term-pane:not([hidden]) .xterm-rows')
      await rows.getByText('6379>').first().waitFor()
      await page.locator('.term-pane:not([hidden]) textarea').focus()
      await page.keyboard.type('ping\n')
      await rows.getByText('PONG').first().waitFor()
      times.push((performance.now() - started) / 1000)
      await context.close()
    }
    // The first visit warms the browser.
    const warm = times.slice(1)
    show('G23', 'first prompt answered', `${middle(warm).toFixed(2)} s`, '2 s')
    console.log(`     runs ${warm.map((t) => t.toFixed(2)).join(', ')}`)
  } finally {
    server.kill()
  }
}

const executablePath = ensureBrowser()
const browser = await chromium.launch({ ...(executablePath ? { executablePath } : {}), args: ['--no-sandbox'] })
try {
  await pace(browser)
  await firstPrompt(browser)
} finally {
  await browser.close()
}
