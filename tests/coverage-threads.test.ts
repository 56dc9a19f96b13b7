/** The lanes of the event loop against the threads of a real redis-server. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { record } from '../src/engine/inspect/recorder.ts'
import { bench } from '../src/engine/server/rig.ts'
import { freePort, haveRedis, until } from './support/processes.ts'

const lanes = (argv: readonly string[]): readonly string[] => {
  const { server } = bench(argv)
  record(server)
  return (server.view('loop', []) as { threads: readonly string[] }).threads
}
const real = existsSync('/proc/self/task') && haveRedis()

async function threadsOf(argv: readonly string[]): Promise<string[]> {
  const dir = mkdtempSync(join(tmpdir(), 'rehash-threads-'))
  const port = await freePort()
  let child: ChildProcess | null = null
  try {
    child = spawn('redis-server', ['--port', String(port), '--save', '', '--dir', dir, ...argv], { stdio: 'ignore' })
    const tasks = `/proc/${child.pid}/task`
    const names = (): string[] => readdirSync(tasks).map((t) => readFileSync(join(tasks, t, 'comm'), 'utf8').trim())
    const wanted = lanes(argv).length
    await until('the threads to be there', () => names().length >= wanted)
    return names()
  } finally {
    child?.kill('SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  }
}

test("E01: the lanes are main, the three bio threads and the allocator's own; children are not threads", () => {
  expect(lanes([])).toEqual(['redis-server', 'bio_close_file', 'bio_aof_fsync', 'bio_lazy_free', 'jemalloc_bg_thd'])
  expect(lanes(['--jemalloc-bg-thread', 'no'])).not.toContain('jemalloc_bg_thd')
})

test.skipIf(!real)('E01: the list of lanes equals the threads of a real redis-server', async () => {
  for (const argv of [[], ['--io-threads', '3']]) {
    const names = await threadsOf(argv)
    expect([...names].sort(), argv.join(' ')).toEqual([...lanes(argv)].sort())
  }
})
