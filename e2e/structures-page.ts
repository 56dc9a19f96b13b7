/** The Structures screen in the hands of its tests: opening it, typing commands, choosing a key, reading what is drawn. */
import { expect, type Page, screenText } from './page.ts'

export const keyspace = (page: Page) => page.getByTestId('keyspace')
export const keyPane = (page: Page) => page.getByTestId('key-pane')

export async function openStructures(page: Page): Promise<void> {
  await page.goto('/?seed=7&view=structures')
  await expect(screenText(page)).toContainText('6379>', { timeout: 20_000 })
}

let typed = 0
/** Types commands and waits until the last is answered: the answer to an ECHO of a new mark comes after it. */
export async function type(page: Page, ...commands: string[]): Promise<void> {
  const mark = `done-${++typed}`
  await page.locator('.term-pane:not([hidden]) textarea').focus()
  for (const command of [...commands, `ECHO ${mark}`]) {
    await page.keyboard.insertText(command)
    await page.keyboard.press('Enter')
  }
  await expect(screenText(page)).toContainText(`"${mark}"`, { timeout: 20_000 })
}

/** Chooses a key in the list of keys. */
export async function open(page: Page, key: string): Promise<void> {
  await page.locator('.kb', { hasText: key }).first().click()
  await expect(keyPane(page).locator('.ph .name')).toHaveText(key)
}

/** Rows of a pane's table twin. */
export async function rowsOf(page: Page, testid: string): Promise<string[][]> {
  const pane = page.getByTestId(testid)
  const button = pane.locator('.twin-btn')
  if ((await button.getAttribute('aria-pressed')) !== 'true') await button.click()
  return pane
    .locator('tbody tr')
    .evaluateAll((rows) => rows.map((r) => [...r.children].map((c) => c.textContent ?? '')))
}

/** How far the rehash of the keyspace is: a bucket of the old table, or -1. */
export const rehashidx = async (page: Page): Promise<number> =>
  Number((await page.getByTestId('rehashidx').textContent())?.replace('rehashidx', ''))
