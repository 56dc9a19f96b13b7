/** Redis Cluster on the built page: built by hand, resized under load, failed over, cut, and looked at. */
import { card, expect, type Page, screenText, serious, test } from './page.ts'

const SLOW = { timeout: 30_000 }
const node = (page: Page, name: string) => page.getByRole('row', { name: new RegExp(`^${name}\\b`) }).last()

async function open(page: Page, query: string): Promise<void> {
  await page.goto(`/?${query}`)
}
async function type(page: Page, command: string, answer: string | RegExp): Promise<void> {
  await page.locator('.term-pane:not([hidden]) textarea').focus()
  await page.keyboard.type(`${command}\n`)
  await expect(screenText(page)).toContainText(answer, SLOW)
}
/** A redis-cli on a node of the canvas. */
async function cli(page: Page, name: string, address: string): Promise<void> {
  await card(page, name).click()
  await page.keyboard.press('Enter')
  await expect(screenText(page)).toContainText(`${address}:6379>`, SLOW)
}

test('C11, C30: six nodes are joined by hand: MEET, ADDSLOTSRANGE, REPLICATE', async ({ page }) => {
  await open(page, 'scenario=cluster-blank')
  await expect(screenText(page)).toContainText('10.0.0.11:6379>', SLOW)
  await type(page, 'SET a 1', 'CLUSTERDOWN')
  for (const n of [2, 3, 4, 5, 6]) await type(page, `CLUSTER MEET 10.0.0.1${n} 6379`, 'OK')
  const ranges = ['0 5460', '5461 10922', '10923 16383']
  for (const [i, range] of ranges.entries()) {
    await cli(page, `n${i}`, `10.0.0.1${i + 1}`)
    await type(page, `CLUSTER ADDSLOTSRANGE ${range}`, 'OK')
  }
  // A master with slots has a say in who is up, and each of them knows the node that was met last.
  await expect(card(page, 'n5')).toHaveAttribute('aria-label', /up by n0, up by n1, up by n2/, SLOW)
  await page.keyboard.press('Control+`')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Slots', exact: true }).click()
  await expect(page.getByTestId('cluster-state')).toContainText('cluster_state ok, 16,384 covered', SLOW)
  // Everybody knows everybody: no cell says that a node is not known.
  await expect(page.locator('[data-belief=unknown]')).toHaveCount(0, SLOW)
  await page.getByRole('button', { name: 'Topology', exact: true }).click()
  await cli(page, 'n3', '10.0.0.14')
  await type(page, 'CLUSTER REPLICATE 0123456789012345678901234567890123456789', 'Unknown node')
  await type(page, 'CLUSTER MYID', /[0-9a-f]{40}/)
})

test('C10: redis-cli --cluster create asks, is told yes, and forms the cluster', async ({ page }) => {
  await open(page, 'scenario=cluster-blank')
  await expect(screenText(page)).toContainText('10.0.0.11:6379>', SLOW)
  await page.getByRole('button', { name: 'Options' }).click()
  const nodes = [1, 2, 3, 4, 5, 6].map((n) => `10.0.0.1${n}:6379`).join(' ')
  const field = page.getByTestId('cli-options')
  await field.fill(`--cluster create ${nodes} --cluster-replicas 1`)
  await field.press('Enter')
  await expect(screenText(page)).toContainText("(type 'yes' to accept)", SLOW)
  await page.locator('.term-pane:not([hidden]) textarea').focus()
  await page.keyboard.type('yes\n')
  await expect(screenText(page)).toContainText('[OK] All 16384 slots covered.', SLOW)
  await expect(page.locator('[data-testid^=process-n][data-role=replica]')).toHaveCount(3, SLOW)
})

test('a slot moves to another node command by command, and a client follows ASK and MOVED', async ({ page }) => {
  await open(page, 'scenario=cluster&view=slots')
  await expect(page.getByTestId('cluster-state')).toContainText('cluster_state ok', SLOW)
  await page.getByTestId('slot-key').fill('{bar}k1')
  await expect(page.getByTestId('slot-of-key')).toHaveText('5061')
  await expect(page.getByTestId('slot-answer')).toContainText('served here')
  await expect(screenText(page)).toContainText('10.0.0.11:6379>', SLOW)
  await type(page, 'MSET {bar}k1 a {bar}k2 b {bar}k3 c', 'OK')
  const next = page.getByTestId('next-command')
  const done = page.locator('.stp.d')
  await next.click()
  await expect(done).toHaveCount(1, SLOW)
  await next.click()
  await expect(done).toHaveCount(2, SLOW)
  await expect(page.getByTestId('slot-answer')).toContainText('-ASK 5061')
  await page.getByText('The bytes of the next key').click()
  await expect(page.locator('.payload')).toContainText(/RESTORE-ASKING \{bar\}k3 0 payload of \d+ bytes/)
  await expect(page.locator('.payload .p-rdb-version')).toContainText('0a 00')
  await next.click()
  await expect(done).toHaveCount(4, SLOW)
  await next.click()
  await expect(done).toHaveCount(5, SLOW)
  await next.click()
  await expect(done).toHaveCount(6, SLOW)
  await expect(page.getByTestId('slot-answer')).toContainText('-MOVED 5061 10.0.0.12:6379', SLOW)
  await expect(node(page, 'n1')).toContainText('5,463', SLOW)
})

test('a slot is finished at one click while a client loads the cluster, and nothing is lost', async ({ page }) => {
  await open(page, 'scenario=cluster&view=slots')
  await expect(page.getByTestId('cluster-state')).toContainText('cluster_state ok', SLOW)
  await page.getByRole('tab', { name: 'Clients' }).click()
  await page.getByTestId('start-client').click()
  await expect(page.getByTestId('verdict')).toContainText(/acked [1-9]/, SLOW)
  await page.getByRole('tab', { name: 'Slots', exact: true }).click()
  await page.getByTestId('slot-key').fill('key:1')
  await page.getByTestId('finish-slot').click()
  await expect(page.locator('.stp.d')).toHaveCount(6, SLOW)
  await page.getByRole('tab', { name: 'Clients' }).click()
  const acked = async () => Number(/acked (\d+)/.exec((await page.getByTestId('verdict').textContent()) ?? '')?.[1])
  const before = await acked()
  await expect.poll(acked, SLOW).toBeGreaterThan(before)
  await expect(page.getByTestId('verdict')).toContainText('lost 0')
})

test('G09, G10: a killed master is FAIL, its replica takes its slots, and it comes back as a replica', async ({
  page,
}) => {
  await open(page, 'scenario=cluster')
  await expect(card(page, 'n3')).toHaveAttribute('data-role', 'replica', SLOW)
  await expect(card(page, 'n0')).toContainText('0-5460', SLOW)
  await card(page, 'n0').click()
  await page.keyboard.press('k')
  await expect(card(page, 'n0')).toContainText('FAIL', { timeout: 60_000 })
  await expect(card(page, 'n3')).toHaveAttribute('data-role', 'master', { timeout: 60_000 })
  await page.keyboard.press('3')
  await page.getByLabel('How the slots are laid out').selectOption('table')
  await expect(page.getByRole('region', { name: 'Slots as a table' })).toContainText('n3')
  // The owners as they were before the failover.
  await page.getByTestId('owners-past').fill('0')
  await expect(page.getByRole('region', { name: 'Slots as a table' })).toContainText('n0')
  await expect(page.getByRole('region', { name: 'Slots as a table' })).not.toContainText('n3')
  await page.keyboard.press('1')
  await card(page, 'n0').click()
  await page.keyboard.press('r')
  await expect(card(page, 'n0')).toHaveAttribute('data-role', 'replica', { timeout: 60_000 })
})

test('V22, V21: an election leaves its votes and claims among the epochs, and how the failure was found', async ({
  page,
}) => {
  await open(page, 'scenario=cluster&view=slots')
  await expect(page.getByTestId('cluster-state')).toContainText('cluster_state ok', SLOW)
  // A replica that never had its master's data does not stand for election.
  await page.waitForTimeout(1500)
  await type(page, 'CLUSTER BUMPEPOCH', 'BUMPED')
  await page.keyboard.press('Escape')
  await page.keyboard.press('1')
  await card(page, 'n0').click()
  await page.keyboard.press('k')
  await expect(card(page, 'n3')).toHaveAttribute('data-role', 'master', { timeout: 60_000 })
  await page.keyboard.press('3')
  await expect(page.getByTestId('detection')).toContainText('agreement', SLOW)
  await page.getByRole('tab', { name: 'Epochs', exact: true }).click()
  const changes = page.getByRole('region', { name: 'Changes of epochs as a list' })
  await expect(changes).toContainText('votes for n3 in epoch', SLOW)
  await expect(page.locator('.ep-vote')).not.toHaveCount(0)
  await expect(page.locator('.ep-flag')).toHaveCount(1)
  // What the dead node knew is still there.
  const ofTheDead = changes.locator('.row3', { hasText: 'configEpoch of n0 is 4' }).filter({ hasText: 'BUMPEPOCH' })
  await expect(ofTheDead).toHaveCount(1)
  await expect(page.locator('.ep-death')).toHaveCount(1)
  await page.getByRole('button', { name: /^TAKEOVER on/ }).click()
  await expect(page.locator('.ep-flag.alone')).toHaveCount(1, SLOW)
  await page.locator('.ep-flag').first().click()
  await page.locator('.ep-flag.alone').click()
  await expect(page.getByTestId('compared')).toContainText('the greater configEpoch')
})

test('the bus beside the map: packets, and one of them field by field', async ({ page }) => {
  await open(page, 'scenario=cluster&view=slots')
  await expect(page.getByTestId('cluster-state')).toContainText('cluster_state ok', SLOW)
  await page.getByRole('tab', { name: 'Cluster bus' }).click()
  await expect(page.locator('.bus-row').nth(20)).toBeVisible(SLOW)
  await page.getByRole('listbox', { name: 'Packets of the cluster bus' }).press('ArrowDown')
  const packet = page.getByRole('region', { name: 'Packet' })
  await expect(packet).toContainText('currentEpoch', SLOW)
  await expect(packet).toContainText('52 43 6d 62')
  await page.getByLabel('Which packets').selectOption('pong')
  await expect(page.locator('.bus-row b').first()).toHaveText('PONG')
  await page.getByRole('tab', { name: 'Log', exact: true }).click()
  await expect(page.getByRole('log', { name: /Log of/ })).toContainText('Cluster state changed: ok')
})

test('V03, V23: a run of slots is drawn over the map and moves; a probe says why it is redirected', async ({
  page,
}) => {
  await open(page, 'scenario=cluster&view=slots')
  await expect(page.getByTestId('cluster-state')).toContainText('cluster_state ok', SLOW)
  const box = await page.getByTestId('slot-map').locator('canvas').boundingBox()
  if (box === null) throw new Error('no map')
  const cell = box.width / 128
  const at = (slot: number) =>
    [box.x + ((slot % 128) + 0.5) * cell, box.y + (Math.floor(slot / 128) + 0.5) * cell] as const
  await page.mouse.move(...at(1600))
  await page.mouse.down()
  await page.mouse.move(...at(1603), { steps: 4 })
  await page.mouse.up()
  await expect(page.getByTestId('range-progress')).toHaveText('0 of 4')
  await page.getByTestId('finish-slot').click()
  await expect(page.getByTestId('range-progress')).toHaveText('4 of 4', SLOW)
  await expect(node(page, 'n1')).toContainText('5,466', SLOW)
  await page.getByRole('tab', { name: 'Decision' }).click()
  await page.getByLabel('Key of the probe').fill('{bar}gone')
  await expect(page.getByTestId('route-reply')).toHaveText('served by n0', SLOW)
  await page.getByLabel('Who asks whom').selectOption('n1')
  await expect(page.getByTestId('route-reply')).toContainText('-MOVED 5061 10.0.0.11:6379', SLOW)
  await expect(page.locator('[data-question=mine] .lit')).toHaveText('no: MOVED')
  await page.getByTestId('send-probe').click()
  await expect(screenText(page)).toContainText('GET {bar}gone', SLOW)
})

test('a one-way cut of the bus alone makes a master suspected while clients still reach it', async ({ page }) => {
  await open(page, 'scenario=cluster')
  await expect(card(page, 'n0')).toContainText('0-5460', SLOW)
  await card(page, 'n0').click()
  await page.keyboard.press('x')
  await page.getByRole('checkbox', { name: 'One way' }).check()
  await page.getByLabel('What the cut stops').selectOption('bus')
  await page.getByRole('button', { name: 'Cut the links' }).click()
  await expect(page.getByTestId('cut')).toContainText('One way bus cut')
  await expect(card(page, 'n0')).toContainText(/PFAIL|FAIL/, { timeout: 60_000 })
  await cli(page, 'n1', '10.0.0.12')
  await type(page, 'PING', 'PONG')
})

test('the playground: a node more moves a fifth of the keys by slots, four fifths by modulo', async ({ page }) => {
  await open(page, 'view=slots')
  await page.getByRole('tab', { name: 'Partitioning' }).click()
  await page.getByRole('button', { name: 'Add a node' }).click()
  const moved = async (scheme: string) =>
    Number.parseFloat((await page.getByTestId(`moved-${scheme}`).textContent()) ?? '')
  await expect.poll(() => moved('modulo')).toBeGreaterThan(75)
  expect(await moved('slots')).toBeLessThan(22)
  expect(await moved('ring')).toBeLessThan(30)
})

test('the screens of a cluster have no serious accessibility problem and no sideways scrolling', async ({ page }) => {
  for (const [width, height] of [
    [1440, 900],
    [1280, 720],
    [390, 844],
  ] as const) {
    await page.setViewportSize({ width, height })
    await open(page, 'scenario=cluster&view=slots')
    for (const tab of ['Slots', 'Epochs', 'Clients', 'Partitioning']) {
      await page.getByRole('tab', { name: tab, exact: true }).first().click()
      await page.waitForTimeout(300)
      expect(await serious(page), `${tab} at ${width}`).toEqual([])
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      expect(over, `${tab} at ${width}`).toBeLessThanOrEqual(0)
    }
  }
})
