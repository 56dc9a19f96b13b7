import { expect, test } from 'vitest'
import { bench } from '../server/rig.ts'
import { record } from './recorder.ts'
import { nextBucket, type ScanChain } from './scans.ts'

const resp = (...argv: string[]): string => `*${argv.length}\r\n${argv.map((a) => `$${a.length}\r\n${a}\r\n`).join('')}`
function rig(...args: string[]) {
  const b = bench(args)
  record(b.server)
  const say = b.connect()
  return {
    ...b,
    run: (line: string): string => say(resp(...line.split(' '))),
    chain: () => (b.server.view('dict', ['0']) as { scan: ScanChain | null }).scan as ScanChain,
  }
}

test('the increment is that of dictScan: bits are counted from the left', () => {
  const order = [0]
  for (let v = nextBucket(0, 7); v !== 0; v = nextBucket(v, 7)) order.push(v)
  expect(order).toEqual([0, 4, 2, 6, 1, 5, 3, 7])
})

for (const rehashing of [false, true])
  test(`V05: the chain of SCAN calls is where the server says it is${rehashing ? ', during a rehash' : ''}`, () => {
    const { run, chain, server } = rig('--activerehashing', 'no')
    for (let i = 0; i < (rehashing ? 65 : 60); i++) run(`SET key:${i} v`)
    expect(server.dbs[0]?.dict.isRehashing).toBe(rehashing)
    let cursor = '0'
    let calls = 0
    const found = new Set<string>()
    do {
      const reply = run(`SCAN ${cursor} COUNT 7`)
      const words = reply.split('\r\n')
      cursor = words[2] as string
      for (const w of words) if (w.startsWith('key:')) found.add(w)
      expect(String(chain().next)).toBe(cursor)
      expect(chain().calls).toBe(++calls)
    } while (cursor !== '0')
    expect(found.size).toBe(rehashing ? 65 : 60)
    // Each bucket of the small table once.
    const first = chain()
      .visited.filter(([t]) => t === 0)
      .map(([, b]) => b)
    expect(new Set(first).size).toBe(server.dbs[0]?.dict.tableSize(0))
    run('SCAN 0')
    expect(chain().calls).toBe(1)
  })

test('V05: names that collide do fall into one bucket, also when the table has grown for them', () => {
  const { run, server } = rig()
  const { names } = server.view('collisions', ['0']) as { names: string[] }
  expect(names).toHaveLength(5)
  for (const n of names) run(`SET ${n} v`)
  while (server.dbs[0]?.dict.isRehashing) run('GET x')
  const dict = server.dbs[0]?.dict
  const lengths = Array.from({ length: dict?.tableSize(0) ?? 0 }, (_, i) => dict?.chainLength(0, i) ?? 0)
  expect(Math.max(...lengths)).toBe(5)
})
