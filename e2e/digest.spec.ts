/** One history for one seed and input log: in the page's thread, in Node, in browser workers, watched or not. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { bundleOneThread, serveWorldPage } from '../scripts/world-page.mjs'
import type { WorldPage } from './world/page.ts'

declare const worldPage: WorldPage

test('browser workers, the page thread and Node live the same history, with and without observers', async ({
  page,
}) => {
  const served = await serveWorldPage()
  try {
    const bundle = await bundleOneThread(mkdtempSync(join(tmpdir(), 'rehash-one-thread-')))
    const node = JSON.parse(execFileSync(process.execPath, [bundle], { encoding: 'utf8' })) as {
      digest: string
      eventCount: number
    }
    await page.goto(served.url)
    const inPage = await page.evaluate(() => worldPage.oneThread())
    const alone = await page.evaluate(() => worldPage.workers(false))
    const watched = await page.evaluate(() => worldPage.workers(true))
    expect(node.eventCount).toBeGreaterThan(1000)
    expect(inPage).toEqual(node)
    expect(alone).toMatchObject({ ...node, views: 0 })
    expect(watched).toMatchObject(node)
    expect(watched.views).toBeGreaterThan(10)
    // Six processes and two terminals, a worker each.
    expect(watched.workers).toBe(8)
  } finally {
    served.close()
  }
})
