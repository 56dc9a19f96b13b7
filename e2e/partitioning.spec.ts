/** Partitioning on the built page: three arrangements run, the ring changes under them, the proxy dies. */
import AxeBuilder from '@axe-core/playwright'
import { expect, type Page, test } from './page.ts'

const SLOW = { timeout: 30_000 }
const number = async (page: Page, id: string): Promise<number> =>
  Number.parseFloat((await page.getByTestId(id).textContent({ timeout: 5000 })) ?? '')
const found = (page: Page, what: string, wanted: string | RegExp) =>
  expect(page.getByTestId(`found-${what}`)).toHaveText(wanted, SLOW)

test('Q07, Q08: straight to the server in one hop, through the proxy in two and a round trip later', async ({
  page,
}) => {
  await page.goto('/?scenario=shard-4&view=slots')
  // Where servers are to be divided, the screen opens at this tab.
  await page.getByTestId('start-ring').click(SLOW)
  await page.getByTestId('start-proxy').click()
  await expect(page.getByTestId('hops-ring')).toHaveText('1.00', SLOW)
  await expect(page.getByTestId('hops-proxy')).toHaveText('2.00', SLOW)
  await found(page, 'ring', '100.0%')
  await found(page, 'proxy', '100.0%')
  const [direct, through] = [await number(page, 'latency-ring'), await number(page, 'latency-proxy')]
  expect(through - direct).toBeGreaterThan(0.9)
  expect(through - direct).toBeLessThan(1.7)

  await page.getByRole('button', { name: 'Put n4 on the ring' }).click()
  await found(page, 'ring', /^[78]\d\.\d%$/)
  await found(page, 'proxy', /^[78]\d\.\d%$/)
  await expect(page.getByTestId('run-ring')).toContainText('The change of servers moved', SLOW)
  // A cache is filled again, a store would have lost them.
  await page.getByRole('button', { name: 'Write all keys again' }).click()
  await found(page, 'ring', '100.0%')
  await page.getByRole('button', { name: 'Take n4 off the ring' }).click()
  await expect(page.getByTestId('run-ring')).toContainText('1,000 of 1,000 keys found', SLOW)

  await page.getByLabel('Hot key').selectOption({ label: '80% of all requests' })
  await expect(page.getByTestId('run-ring')).toContainText('hot key', SLOW)
  await page.getByLabel('Hot key').selectOption({ label: '80%, split into 24 keys' })
  await expect(page.getByTestId('run-ring')).not.toContainText('hot key', SLOW)

  // Q10: what the proxy cannot divide it refuses.
  await page.getByRole('button', { name: 'RENAME foo bar' }).click()
  await expect(page.getByRole('region', { name: 'What it costs' })).toContainText('ERR Invalid argument', SLOW)

  await page.getByTestId('kill-proxy').click()
  await expect(page.getByTestId('rate-proxy')).toHaveText('0', SLOW)
  expect(await number(page, 'rate-ring')).toBeGreaterThan(50)
  await page.getByTestId('kill-proxy').click()
  await expect.poll(() => number(page, 'rate-proxy'), SLOW).toBeGreaterThan(50)
  const { violations } = await new AxeBuilder({ page }).include('.run').analyze()
  expect(violations.map((v) => `${v.id}: ${v.nodes[0]?.html}`)).toEqual([])

  await page.getByRole('button', { name: 'Topology', exact: true }).click()
  await expect(page.getByTestId('process-proxy')).toContainText('requests for 4 servers')
})

test('Q09: a client that asks any node is redirected; one that keeps a map asks once', async ({ page }) => {
  await page.goto('/?scenario=cluster&view=slots')
  await page.getByRole('tab', { name: 'Partitioning' }).click(SLOW)
  await page.getByTestId('start-query').click(SLOW)
  await expect.poll(() => number(page, 'hops-query').catch(() => 0), SLOW).toBeGreaterThan(1.3)
  await found(page, 'query', '100.0%')
  await page.getByLabel('The client').selectOption('smart')
  await expect.poll(() => number(page, 'hops-query').catch(() => 0), SLOW).toBeLessThan(1.2)
  // Q10: what a division costs.
  await page.getByRole('button', { name: 'MSET foo 1 bar 2' }).click()
  await page.getByRole('button', { name: 'MULTI … EXEC' }).click()
  await page.getByRole('button', { name: 'SAVE, 6 times' }).click()
  const costs = page.getByRole('region', { name: 'What it costs' })
  await expect(costs).toContainText('CROSSSLOT', SLOW)
  await expect(costs).toContainText('EXECABORT', SLOW)
  await expect(costs).toContainText('6 files dump.rdb', SLOW)
  // The others need servers that know nothing of each other; what they did is remembered beside this one.
  await page.getByTestId('run-proxy').getByRole('button', { name: 'Open four servers and a proxy' }).click()
  await page.getByTestId('start-proxy').click(SLOW)
  await expect(page.getByTestId('hops-proxy')).toHaveText('2.00', SLOW)
  await expect(page.getByTestId('run-query')).toContainText('hops, last run')
})
