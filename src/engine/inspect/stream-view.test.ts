import { expect, test } from 'vitest'
import { bench } from '../server/rig.ts'
import { objectDigest } from '../keyspace/digest.ts'
import { viewObject } from './structures.ts'

test('D26: the view of a stream shows its tree, its blocks, the open one, and who owes an acknowledgement', () => {
  const b = bench()
  const say = b.connect()
  say('CONFIG SET stream-node-max-entries 2\r\n')
  for (let i = 1; i <= 5; i++) say(`XADD s ${i}-1 f ${i}\r\n`)
  say('XDEL s 4-1\r\n')
  say('XGROUP CREATE s g 0\r\n')
  say('XREADGROUP GROUP g alice COUNT 2 STREAMS s >\r\n')
  const o = b.server.dbs[0]!.dict.peek('s')!
  const before = objectDigest(o, false)
  expect(viewObject(o, undefined, 1)).toMatchObject({
    kind: 'stream',
    length: 4,
    lastId: '5-1',
    maxDeletedId: '4-1',
    rax: { keys: 3, numNodes: 8 },
    from: 1,
    blocks: [
      { id: '1-1', count: 2, deleted: 0 },
      { id: '3-1', count: 1, deleted: 1 },
      { id: '5-1', count: 1, deleted: 0 },
    ],
    open: {
      id: '3-1',
      master: ['f'],
      entries: [
        { id: '3-1', deleted: false, fields: ['f', '3'] },
        { id: '4-1', deleted: true, fields: ['f', '4'] },
      ],
    },
    groups: [{ name: 'g', lastId: '2-1', lag: null, pelSize: 2, consumers: [{ name: 'alice', pending: 2 }] }],
  })
  expect(objectDigest(o, false)).toBe(before)
})
