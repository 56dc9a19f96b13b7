import { expect, test } from 'vitest'
import { bench } from '../server/rig.ts'

const resp = (...argv: string[]): string => `*${argv.length}\r\n${argv.map((a) => `$${a.length}\r\n${a}\r\n`).join('')}`
interface Insert {
  readonly way: {
    readonly path: readonly { edge: string; matched: number }[]
    readonly at: number
    readonly end: string
  }
  readonly before: { readonly nodes: number; readonly tree: unknown }
  readonly after: { readonly nodes: number; readonly tree: unknown }
}

test('V10: what an ID would do to the tree is what it then does', () => {
  const { server, connect } = bench(['--stream-node-max-entries', '1'])
  const say = connect()
  const add = (id: string) => say(resp('XADD', 's', id, 'f', 'v'))
  const see = (id: string) => server.view('rax insert', ['0', 's', id]) as Insert
  const real = () => server.view('object', ['0', 's']) as unknown as { structure: { treeNodes: number; tree: unknown } }
  add('1000-1')
  for (const id of ['1000-2', '1000-3', '1001-1', '70000-0', '70000-1']) {
    const guess = see(id)
    expect(guess.before.nodes).toBe(real().structure.treeNodes)
    expect(guess.way.end, id).toBe(
      { '1000-2': 'split', '1000-3': 'child', '1001-1': 'split', '70000-0': 'split', '70000-1': 'split' }[id],
    )
    add(id)
    expect(guess.after, id).toEqual({ nodes: real().structure.treeNodes, tree: real().structure.tree })
  }
  expect(see('1000-2').way.end).toBe('exists')
  // 16 bytes of key: 1000 is 0x3e8, so the milliseconds agree for 15 bytes with another number of the same millisecond.
  expect(see('1000-9').way.at).toBe(15)
  expect(server.view('rax insert', ['0', 's', 'nonsense'])).toBeNull()
})
