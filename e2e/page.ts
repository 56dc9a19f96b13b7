/** What the browser tests share: a test that fails on a console error, and the parts of the lab that every screen has. */
import AxeBuilder from '@axe-core/playwright'
import { test as base, expect, type Page } from '@playwright/test'

export { expect, type Page }

export const test = base.extend<{
  /** The errors in the console and of the page so far. A test that causes an error takes it out of the list. */
  problems: string[]
}>({
  problems: [
    async ({ page }, use) => {
      const list: string[] = []
      page.on('console', (m) => {
        if (m.type() === 'error') list.push(m.text())
      })
      page.on('pageerror', (e) => list.push(String(e)))
      await use(list)
      expect(list, 'console errors').toEqual([])
    },
    { auto: true },
  ],
})

/** The card of a process on the canvas. */
export const card = (page: Page, name: string) => page.getByTestId(`process-${name}`)
/** What stands on the screen of the terminal that is shown. */
export const screenText = (page: Page) => page.locator('.term-pane:not([hidden]) .xterm-rows')
/** The time of the world, in microseconds. */
export const clock = async (page: Page): Promise<number> =>
  Number(await page.getByTestId('clock').getAttribute('data-micros'))

/** What axe finds that is serious or critical: each rule with the elements that break it. */
export async function serious(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)
}
