/** Scripts on both servers: the bytes of every reply must be equal, in RESP2 and in RESP3. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encode, Ours, Real, startReal } from './oracle/servers.ts'
import { corpus } from './scripting-corpus.ts'
import { libraries } from './scripting-corpus-lua.ts'
import { requests } from './scripting-requests.ts'
import { haveRedis, stopAll } from './support/processes.ts'

const installed = haveRedis()
if (!installed) console.warn('******** no redis-server: scripts are not compared with the real one ********')
afterAll(stopAll)

/** Addresses are nobody's business. */
const plain = (reply: string): string => reply.replace(/0x[0-9a-f]{6,}/g, '0x')

describe.skipIf(!installed)('scripts answer as those of redis-server 7.0.15', () => {
  let ours: Ours
  let real: Real
  beforeAll(async () => {
    ours = new Ours()
    real = new Real((await startReal()).port)
    for (const s of [ours, real]) await s.send(2, encode(['HELLO', '3']))
  })
  afterAll(() => real?.close())

  for (const [group, snippets] of Object.entries({ ...corpus, ...libraries })) {
    test(group, async () => {
      const differences: string[] = []
      for (const script of snippets) {
        for (const conn of [1, 2]) {
          const request = encode(['EVAL', script, '1', 'key1', 'arg1'])
          const [a, b] = [await ours.send(conn, request), await real.send(conn, request)]
          const [mine, theirs] = [plain(a.get(conn) ?? ''), plain(b.get(conn) ?? '')]
          if (mine !== theirs)
            differences.push(
              `RESP${conn + 1}: ${JSON.stringify(script)}\n  ours ${JSON.stringify(mine)}\n  real ${JSON.stringify(theirs)}`,
            )
        }
      }
      expect(differences.join('\n'), `${differences.length} differ`).toBe('')
    })
  }
  for (const conn of [1, 2]) {
    test(`requests in order, RESP${conn + 1}`, async () => {
      const differences: string[] = []
      for (const s of [ours, real])
        for (const argv of [['FLUSHALL'], ['SCRIPT', 'FLUSH'], ['FUNCTION', 'FLUSH']]) await s.send(conn, encode(argv))
      for (const argv of requests) {
        const [a, b] = [await ours.send(conn, encode(argv)), await real.send(conn, encode(argv))]
        const [mine, theirs] = [a.get(conn) ?? '', b.get(conn) ?? '']
        if (mine !== theirs)
          differences.push(`${JSON.stringify(argv)}\n  ours ${JSON.stringify(mine)}\n  real ${JSON.stringify(theirs)}`)
      }
      expect(differences.join('\n'), `${differences.length} differ`).toBe('')
    })
  }
})
