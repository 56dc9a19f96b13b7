/**
 * A fault of the engine kills one process and nothing else. The faults here are put into the script of the process
 * workers on its way to the browser: the command ENGINE-FAULT throws inside the machine. Such a fault is an error in the
 * console, so `test` is the one of Playwright, which allows that.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, type Page, test } from '@playwright/test'
import { card, clock, screenText } from './page.ts'

const FAULT = `
;{const lower = String.prototype.toLowerCase
String.prototype.toLowerCase = function () {
  if (self.name.startsWith('redis-') && this.valueOf() === 'ENGINE-FAULT') throw new TypeError('this fault was put in by a test <b>')
  return lower.call(this)
}}`

let server: Server
let origin = ''
test.beforeAll(async ({ baseURL }) => {
  server = createServer((request, response) => {
    void fetch(`${baseURL}${request.url ?? '/'}`).then(async (answer) => {
      const type = answer.headers.get('content-type') ?? 'application/octet-stream'
      const body = Buffer.from(await answer.arrayBuffer())
      const faulty = /process-worker[^/]*\.js$/.test(request.url ?? '')
      response.writeHead(answer.status, { 'content-type': type })
      response.end(faulty ? `${body.toString('utf8')}${FAULT}` : body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
test.afterAll(() => new Promise((resolve) => server.close(resolve)))

async function open(page: Page): Promise<void> {
  await page.goto(`${origin}/?seed=7`)
  await expect(card(page, 'redis-1')).toHaveAttribute('data-role', 'master', { timeout: 20_000 })
  await expect(screenText(page)).toContainText('6379>', { timeout: 20_000 })
}
async function type(page: Page, command: string): Promise<void> {
  await page.locator('.term-pane:not([hidden]) textarea').focus()
  await page.keyboard.insertText(command)
  await page.keyboard.press('Enter')
}

test('a fault of the engine shows at its node with the report to copy, and the rest goes on', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin })
  await open(page)
  await card(page, 'redis-1').click()
  await page.keyboard.press('+')
  await page.keyboard.press('+')
  // Sentinels must have found each other and the replicas before the master dies.
  await expect.poll(() => clock(page), { timeout: 60_000 }).toBeGreaterThan(15_000_000)
  await type(page, 'ENGINE-FAULT now')
  await expect(card(page, 'redis-1')).toHaveAttribute('data-state', 'crashed', { timeout: 20_000 })
  await card(page, 'redis-1').click()
  const report = page.getByRole('alert', { name: 'Engine error in redis-1' })
  await expect(report).toContainText('TypeError: this fault was put in by a test <b>')
  await expect(report).toContainText('seed 7')
  await expect(report).toContainText('Last inputs')
  await report.getByRole('button', { name: 'Copy the report' }).click()
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain('ENGINE-FAULT')
  // The others go on: their clock runs, their Sentinels fail over.
  const then = await clock(page)
  await expect.poll(() => clock(page)).toBeGreaterThan(then + 1_000_000)
  await expect(page.locator('[data-testid^=process-redis-][data-role=master][data-state=running]')).toHaveCount(1, {
    timeout: 60_000,
  })
  // And the node can be started again, with a worker of its own.
  await card(page, 'redis-1').click()
  await page.keyboard.press('r')
  await expect(card(page, 'redis-1')).toHaveAttribute('data-state', 'running', { timeout: 30_000 })
  await expect(report).toHaveCount(0)
})

test('the Structures screen of a process that failed says so', async ({ page }) => {
  await open(page)
  await type(page, 'SET greeting hello')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Structures' }).click()
  await expect(page.getByTestId('keyspace')).toContainText('greeting', { timeout: 20_000 })
  await type(page, 'ENGINE-FAULT now')
  await expect(page.getByRole('alert').filter({ hasText: 'redis-1 stopped by a fault of the engine' })).toBeVisible({
    timeout: 20_000,
  })
  await expect(page.getByRole('button', { name: 'Copy the report' })).toBeVisible()
  await page.getByRole('button', { name: 'Restart redis-1' }).click()
  await expect(page.getByTestId('keyspace')).toContainText('is empty', { timeout: 30_000 })
})

test('DEBUG SEGFAULT kills its process with the signal that it names, and the log tells why', async ({ page }) => {
  await open(page)
  await type(page, 'DEBUG SEGFAULT')
  await expect(card(page, 'redis-1')).not.toHaveAttribute('data-state', 'running', { timeout: 20_000 })
  await expect(screenText(page)).toContainText('Connection refused', { timeout: 20_000 })
  await expect(card(page, 'redis-2')).toHaveAttribute('data-state', 'running')
  await card(page, 'redis-1').click()
  await page.getByRole('tab', { name: 'Log', exact: true }).click()
  await expect(page.locator('#insp-panel')).toContainText('crashed by signal: 11')
})
