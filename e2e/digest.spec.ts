/** One history for one seed and input log: in the page's thread, in Node, in browser workers, watched or not. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { bundleOneThread, serveWorldPage } from '../scripts/world-page.mjs'
import type { WorldPage } from './world/page.ts'

declare const worldPage: WorldPage

for (const story of ['sentinel', 'cluster'] as const)
  test(`browser workers, the page thread and Node live the same history, with and without observers: ${story}`, async ({
    page,
  }) => {
    test.setTimeout(180_000)
    const served = await serveWorldPage()
    try {
      const bundle = await bundleOneThread(mkdtempSync(join(tmpdir(), 'rehash-one-thread-')))
      const told = JSON.parse(execFileSync(process.execPath, [bundle], { encoding: 'utf8' })) as Record<
        typeof story,
        { digest: string; eventCount: number }
      >
      const node = told[story]
      await page.goto(served.url)
      const inPage = await page.evaluate((s) => worldPage.oneThread(s), story)
      const alone = await page.evaluate((s) => worldPage.workers(false, s), story)
      const watched = await page.evaluate((s) => worldPage.workers(true, s), story)
      expect(node.eventCount).toBeGreaterThan(1000)
      expect(inPage).toEqual(node)
      expect(alone).toMatchObject({ ...node, views: 0 })
      expect(watched).toMatchObject(node)
      expect(watched.views).toBeGreaterThan(10)
      // Six processes and two terminals, a worker each; the redis-cli that reshards has ended.
      expect(watched.workers).toBe(story === 'cluster' ? 7 : 8)
    } finally {
      served.close()
    }
  })
