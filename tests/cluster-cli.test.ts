/** redis-cli --cluster and -c beside the real redis-cli, on real nodes in the same state. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, build, idOf, mask, type Node, ours, real, reset, settled, startNode } from './support/cluster-cli.ts'
import { haveRedis, type Running, start, stopAll, until } from './support/processes.ts'

const LONG = 120_000

describe.skipIf(!haveRedis())('redis-cli --cluster on real nodes', () => {
  /** Three masters, three replicas, and one more on no cluster's. */
  let all: Node[] = []
  let six: Node[] = []
  let spare: Node
  let plain: Running
  const n = (i: number): Node => all[i] as Node

  beforeAll(async () => {
    for (const host of ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.1'])
      all.push(await startNode('real', host, ['--cluster-announce-ip', host]))
    six = all.slice(0, 6)
    spare = n(6)
    plain = await start('real')
  }, LONG)
  afterAll(() => {
    stopAll()
    all = []
  })

  const both = async (argv: readonly string[], answers: readonly string[] = []): Promise<void> => {
    const theirs = mask(await real(argv, answers), all)
    expect(mask(await ours(argv, answers), all), argv.join(' ')).toEqual(theirs)
  }
  /** The same invocation of both, each after `prepare`; what is left behind is compared too. */
  const inTurn = async (
    prepare: () => Promise<void> | void,
    argv: () => readonly string[],
    after: () => unknown = () => 0,
    answers: readonly string[] = [],
  ): Promise<string> => {
    await prepare()
    const theirs = mask(await real(argv(), answers), all)
    const theirState = await after()
    await prepare()
    const mine = mask(await ours(argv(), answers), all)
    const myState = await after()
    expect(mine).toEqual(theirs)
    expect(myState).toEqual(theirState)
    return mine.text
  }
  const owned = (): string[] =>
    six.map((x) => {
      const line = ask(x, 'cluster', 'nodes')
        .split('\n')
        .find((l) => l.includes('myself')) as string
      return line.split(' ').slice(8).join(' ')
    })

  test(
    'C10: create lays out masters and replicas on three hosts, asks, and joins them',
    async () => {
      const argv = () => ['--cluster', 'create', ...six.map((x) => x.address), '--cluster-replicas', '1']
      const text = await inTurn(
        () => reset(six),
        argv,
        async () => {
          await settled(six, 3)
          return owned()
        },
        ['yes'],
      )
      expect(text).toContain("Can I set the above configuration? (type 'yes' to accept): ")
      expect(text).toContain('[OK] All 16384 slots covered.')
    },
    LONG,
  )

  test(
    'check, info and call say the same of a sound cluster',
    async () => {
      const at = n(0).address
      for (const argv of [
        ['check', at],
        ['check', n(4).host, String(n(4).port)],
        ['check', at, '--cluster-search-multiple-owners'],
        ['info', at],
        ['call', at, 'ping'],
        ['call', at, 'lrange', 'x', '0', '-1', '--cluster-only-masters'],
        ['call', at, 'role', '--cluster-only-replicas'],
        ['fix', at],
        ['rebalance', at],
        ['rebalance', at, '--cluster-simulate', '--cluster-weight', `${idOf(n(0)).slice(0, 6)}=2`, '--verbose'],
        ['rebalance', at, '--cluster-simulate', '--cluster-threshold', '0.001'],
      ])
        await both(['--cluster', ...argv])
    },
    LONG,
  )

  test(
    'errors of the command line',
    async () => {
      const at = n(0).address
      const me = idOf(n(0))
      const usage = [
        ['--cluster', 'help'],
        ['--cluster', 'nosuch'],
        ['--cluster', '--cluster'],
        ['--cluster', 'check'],
        ['--cluster', 'check', 'abc'],
        ['--cluster', 'check', '127.0.0.1:1'],
        ['--cluster', 'info', `127.0.0.1:${plain.port}`],
        ['--cluster', 'create', at],
        ['--cluster', 'create', 'abc', 'def'],
        ['--cluster', 'create', spare.address, spare.address],
        ['--cluster', 'create', at, n(1).address, n(2).address],
        ['--cluster', 'create', `127.0.0.1:${plain.port}`, at],
        ['--cluster', 'set-timeout', at, '50'],
        ['--cluster', 'set-timeout', 'abc', '500'],
        ['--cluster', 'set-timeout', at],
        ['--cluster', 'import', at],
        ['--cluster', 'import', at, '--cluster-from', 'xyz'],
        ['--cluster', 'import', at, '--cluster-from', at],
        ['--cluster', 'import', at, '--cluster-from', '127.0.0.1:1'],
        ['--cluster', 'import', at, '--cluster-from', `127.0.0.1:${plain.port}`, '--cluster-from-pass', 'x'],
        ['--cluster', 'add-node', n(1).address, at],
        ['--cluster', 'add-node', '127.0.0.1:1', at],
        ['--cluster', 'add-node', `127.0.0.1:${plain.port}`, at],
        ['--cluster', 'add-node', spare.address, at, '--cluster-slave', '--cluster-master-id', 'abc'],
        ['--cluster', 'del-node', at, 'abc'],
        ['--cluster', 'del-node', at, me],
        ['--cluster', 'reshard', at, '--cluster-to', 'abc', '--cluster-slots', '5'],
        ['--cluster', 'reshard', at, '--cluster-to', idOf(n(3)), '--cluster-slots', '5'],
        ['--cluster', 'reshard', at, '--cluster-to', me, '--cluster-from', me, '--cluster-slots', '5'],
        ['--cluster', 'reshard', at, '--cluster-to', me, '--cluster-from', 'x,y', '--cluster-slots', '5'],
        ['--cluster', 'rebalance', at, '--cluster-weight', 'nosuch=1'],
        ['--cluster-weight', 'a=1', '--cluster-weight', 'b=1'],
        ['--cluster-from'],
        ['--cluster', 'backup', at],
        ['-a', 'secret', '--no-auth-warning', '--cluster', 'info', at],
      ]
      for (const argv of usage) await both(argv)
    },
    LONG,
  )

  test(
    'MG02: reshard with options, key by key',
    async () => {
      for (let i = 0; i < 12; i++) ask(n(0), '-c', 'set', `{06S}${i}`, String(i)) // slot 0
      ask(n(0), '-c', 'set', 'k{06S}', 'x')
      const back = async (): Promise<void> => {
        if (owned()[0] === '0-5460') return
        const argv = ['--cluster', 'reshard', n(0).address, '--cluster-from', idOf(n(1)), '--cluster-to', idOf(n(0))]
        await real([...argv, '--cluster-slots', '30', '--cluster-yes'])
        await settled(six, 3)
      }
      const argv = ['--cluster', 'reshard', n(0).address, '--cluster-from', idOf(n(0)), '--cluster-to', idOf(n(1))]
      const state = async () => {
        await settled(six, 3)
        return [owned(), ask(n(1), 'dbsize')]
      }
      const text = await inTurn(back, () => [...argv, '--cluster-slots', '30', '--cluster-yes'], state)
      expect(text).toMatch(/Moving slot 0 from .*: \.{13}\n/)
      await inTurn(back, () => [...argv, '--cluster-slots', '30', '--cluster-yes', '--cluster-pipeline', '1'], state)
      await back()
    },
    LONG,
  )

  test(
    'MG02: reshard asks for what the options leave open',
    async () => {
      const at = n(0).address
      const to = idOf(n(2))
      const argv = ['--cluster', 'reshard', at]
      await both(argv, ['4', to, 'all', 'no'])
      await both(argv, ['0', '99999', '-3', '2', to, to, idOf(n(0)), idOf(n(1)), 'done', 'nope'])
      await both(argv, ['3', 'nosuch'])
      await both(argv, ['3', to, 'nosuch'])
      await both(argv, ['3', to, 'done'])
      const back = async (): Promise<void> => {
        if (owned()[0] === '0-5460') return
        const reshard = ['--cluster', 'reshard', at, '--cluster-from', to, '--cluster-to', idOf(n(0))]
        await real([...reshard, '--cluster-slots', '2', '--cluster-yes'])
        await settled(six, 3)
      }
      const state = async () => {
        await settled(six, 3)
        return owned()
      }
      await inTurn(back, () => argv, state, ['2', to, idOf(n(0)), 'done', 'yes'])
      await back()
    },
    LONG,
  )

  test(
    'a key that the target has already stops a move, or is replaced',
    async () => {
      const [a, b] = [n(0), n(1)]
      const prepare = async (): Promise<void> => {
        if (owned()[0] !== '0-5460') await build(six, 1)
        for (const x of six) ask(x, 'cluster', 'setslot', '0', 'stable')
        ask(a, 'set', 'd{06S}', 'one')
        ask(b, 'cluster', 'setslot', '0', 'importing', idOf(a))
        ask(b, 'eval', 'return 1', '0')
        const r = await real(['-h', b.host, '-p', String(b.port)], [])
        expect(r.code).toBe(0)
      }
      const put = (value: string) => async (): Promise<void> => {
        await prepare()
        const key = 'd{06S}'
        // ASKING and SET on one connection.
        const { spawnSync } = await import('node:child_process')
        spawnSync('redis-cli', ['-h', b.host, '-p', String(b.port)], { input: `asking\nset ${key} ${value}\n` })
      }
      const argv = (...more: string[]) => [
        ...['--cluster', 'reshard', a.address, '--cluster-from', idOf(a), '--cluster-to', idOf(b)],
        ...['--cluster-slots', '1', '--cluster-yes', ...more],
      ]
      const mend = ['--cluster', 'fix', a.address]
      // An open slot is a problem of the cluster: reshard says so.
      await inTurn(put('two'), () => argv())
      await inTurn(put('two'), () => mend)
      await inTurn(put('two'), () => [...mend, '--cluster-replace'])
      await inTurn(put('one'), () => mend)
      await build(six, 1)
    },
    LONG,
  )

  test(
    'fix closes open slots in each of its cases',
    async () => {
      const [a, b, c] = [n(0), n(1), n(2)]
      const id = (x: Node): string => idOf(x)
      /** Slot 0 is the first node's again. */
      const home = async (): Promise<void> => {
        const holder = [b, c].find((x) => /(?:^|,)0(?:-|\b)/.test(owned()[six.indexOf(x)]?.split(' ')[0] ?? ''))
        if (holder === undefined) return
        const reshard = ['--cluster', 'reshard', a.address, '--cluster-from', id(holder), '--cluster-to', id(a)]
        await real([...reshard, '--cluster-slots', '1', '--cluster-yes'])
        await settled(six, 3)
      }
      const open =
        (...commands: (readonly [Node, string, Node])[]) =>
        async (): Promise<void> => {
          await home()
          for (const x of [a, b, c]) for (const s of ['0', '7', '9']) ask(x, 'cluster', 'setslot', s, 'stable')
          for (let i = 0; i < 3; i++) ask(a, 'set', `{06S}${i}`, 'v')
          for (const [x, state, other] of commands) ask(x, 'cluster', 'setslot', '0', state, id(other))
        }
      const state = async () => {
        await settled(six, 3)
        return owned()
      }
      const fix = () => ['--cluster', 'fix', a.address]
      const check = ['--cluster', 'check', a.address]
      for (const commands of [
        [[a, 'migrating', b] as const],
        [[b, 'importing', a] as const],
        [[a, 'migrating', b] as const, [b, 'importing', a] as const],
        [[a, 'migrating', b] as const, [b, 'importing', a] as const, [c, 'importing', a] as const],
        [[b, 'importing', a] as const, [c, 'importing', a] as const],
        [[a, 'migrating', c] as const, [b, 'importing', a] as const],
      ]) {
        await open(...commands)()
        await both(check)
        await inTurn(open(...commands), fix, state)
      }
      // Several at once come in the order of redis-cli's own dict.
      const several = async (): Promise<void> => {
        await open()()
        for (let s = 100; s < 120; s++) ask(a, 'cluster', 'setslot', String(s), 'migrating', id(b))
      }
      await inTurn(several, fix, state)
    },
    LONG,
  )

  test(
    'fix covers slots that nobody has',
    async () => {
      const masters = [n(0), n(1), n(2)]
      const uncover =
        (slots: readonly string[], prepare: () => void = () => {}) =>
        async (): Promise<void> => {
          await build(six, 1)
          prepare()
          for (const x of masters) ask(x, 'cluster', 'delslots', ...slots)
          await until('the replicas to know', () => !owned()[0]?.includes('0-5460'))
        }
      const random = (text: string): string => text.replace(/(Covering slot \d+ with) <node \d>/g, '$1 <some node>')
      const fix = ['--cluster', 'fix', n(0).address]
      const slots = ['10', '11', '12', '13', '14', '15', '16', '17', '4000']
      const run = async (program: typeof real, prepare: () => Promise<void>, answers: readonly string[]) => {
        await prepare()
        const r = mask(await program(fix, answers), all)
        return { ...r, text: random(r.text) }
      }
      for (const answers of [['yes'], ['no']])
        expect(await run(ours, uncover(slots), answers)).toEqual(await run(real, uncover(slots), answers))
      const withKeys = (): void => {
        ask(n(0), 'set', '{06S}1', 'x')
      }
      expect(await run(ours, uncover(['0'], withKeys), ['yes'])).toEqual(
        await run(real, uncover(['0'], withKeys), ['yes']),
      )
      await build(six, 1)
    },
    LONG,
  )

  test(
    'keys of a slot on two nodes: told, and brought together',
    async () => {
      const [a, b] = [n(0), n(1)]
      const { spawnSync } = await import('node:child_process')
      const strew = async (): Promise<void> => {
        await build(six, 1)
        for (let i = 0; i < 3; i++) ask(a, 'set', `{06S}${i}`, 'v')
        ask(b, 'cluster', 'setslot', '0', 'importing', idOf(a))
        const input = ['4', '5'].map((i) => `asking\nset {06S}${i} w\n`).join('')
        spawnSync('redis-cli', ['-h', b.host, '-p', String(b.port)], { input })
        ask(b, 'cluster', 'setslot', '0', 'stable')
      }
      const state = async (): Promise<unknown> => {
        await settled(six, 3)
        return [owned(), ask(a, 'dbsize'), ask(b, 'dbsize')]
      }
      const search = (what: string) => ['--cluster', what, a.address, '--cluster-search-multiple-owners']
      await strew()
      await both(search('check'))
      await inTurn(strew, () => search('fix'), state)
      const uncovered = async (): Promise<void> => {
        await strew()
        for (const x of [a, b, n(2)]) ask(x, 'cluster', 'delslots', '0')
        await until('the replicas to know', () => !owned()[0]?.startsWith('0-'))
      }
      const text = await inTurn(uncovered, () => ['--cluster', 'fix', a.address], state, ['yes'])
      expect(text).toContain('Fix these slots by moving keys into a single node?')
    },
    LONG,
  )

  test(
    'MG34: rebalance by weight, and to an empty master',
    async () => {
      const weight = () => ['--cluster', 'rebalance', n(0).address, '--cluster-weight', `${idOf(n(0))}=1.3`]
      await inTurn(
        () => build(six, 1),
        weight,
        async () => {
          await settled(six, 3)
          return owned()
        },
      )
      const empty = async (): Promise<void> => {
        reset([spare])
        await build(six, 1)
        await real(['--cluster', 'add-node', spare.address, n(0).address])
        await settled(all, 3)
      }
      const argv = () => [
        ...['--cluster', 'rebalance', n(0).address, '--cluster-use-empty-masters'],
        ...['--cluster-weight', `${idOf(n(0))}=0.9`, `${idOf(spare)}=0.05`],
      ]
      await inTurn(empty, argv, async () => {
        await settled(all, 3)
        return owned()
      })
    },
    LONG,
  )

  test(
    'MG34: add-node and del-node, as master and as replica',
    async () => {
      const at = n(0).address
      await build(six, 1)
      const prepare = async (): Promise<void> => {
        const id = idOf(spare)
        if (ask(n(0), 'cluster', 'nodes').includes(id)) await real(['--cluster', 'del-node', at, id])
        // A name that left is banned for a minute.
        reset([spare])
        ask(spare, 'cluster', 'reset', 'hard')
        await settled(six, 3)
        ask(n(0), 'function', 'load', '#!lua name=lib\nredis.register_function("f", function() return 1 end)')
      }
      const functions = async () => {
        await settled(all, 3)
        return ask(spare, 'function', 'list')
      }
      await inTurn(prepare, () => ['--cluster', 'add-node', spare.address, at], functions)
      await inTurn(
        async () => {
          if (ask(n(0), 'cluster', 'nodes').includes(idOf(spare))) return
          ask(spare, 'cluster', 'reset', 'hard')
          ask(spare, 'function', 'flush')
          await real(['--cluster', 'add-node', spare.address, at])
          await settled(all, 3)
        },
        () => ['--cluster', 'del-node', at, idOf(spare)],
        () => ask(spare, 'cluster', 'nodes').split('\n').length,
      )
      for (const more of [[], ['--cluster-master-id', idOf(n(2))]])
        await inTurn(
          async () => {
            await prepare()
            ask(spare, 'function', 'flush')
          },
          () => ['--cluster', 'add-node', spare.address, at, '--cluster-slave', ...more],
          async () => {
            await settled(all, 4)
            return more.length === 0 ? 0 : ask(n(2), 'cluster', 'replicas', idOf(n(2))).split('\n').length
          },
        )
      // Its functions stay with a node: as a master it is refused for them.
      await inTurn(
        async () => {
          await prepare()
          ask(spare, 'function', 'load', '#!lua name=other\nredis.register_function("g", function() return 1 end)')
        },
        () => ['--cluster', 'add-node', spare.address, at],
      )
      reset([spare])
    },
    LONG,
  )

  test(
    'import, set-timeout and backup',
    async () => {
      await build(six, 1)
      const at = n(0).address
      const source: Node = { host: '127.0.0.1', port: plain.port, address: `127.0.0.1:${plain.port}`, running: plain }
      const fill = (): void => {
        for (const x of six.slice(0, 3)) ask(x, 'flushall')
        ask(source, 'flushall')
        ask(source, 'mset', 'a', '1', 'b', '2', 'c', '3')
      }
      const sizes = (): string[] => [source, n(0), n(1), n(2)].map((x) => ask(x, 'dbsize'))
      for (const more of [[], ['--cluster-copy'], ['--cluster-copy', '--cluster-replace']])
        await inTurn(fill, () => ['--cluster', 'import', at, '--cluster-from', source.address, ...more], sizes)
      await inTurn(
        () => {
          fill()
          ask(n(0), '-c', 'set', 'b', 'other')
        },
        () => ['--cluster', 'import', at, '--cluster-from', source.address],
      )
      await both(['--cluster', 'set-timeout', at, '4000'])
      for (const x of six) ask(x, 'config', 'set', 'cluster-node-timeout', '3000')

      const dirs = [mkdtempSync(join(tmpdir(), 'rehash-bk-')), mkdtempSync(join(tmpdir(), 'rehash-bk-'))] as const
      const results = [
        await real(['--cluster', 'backup', at, dirs[0]]),
        await ours(['--cluster', 'backup', at, dirs[1]]),
      ].map((r, i) => mask({ ...r, text: r.text.replaceAll(dirs[i] as string, 'DIR') }, all))
      const sorted = (r: (typeof results)[number] | undefined): string[] => (r?.text ?? '').split('\n').sort()
      expect(sorted(results[1])).toEqual(sorted(results[0]))
      const nodes = dirs.map((d) => JSON.parse(readFileSync(join(d, 'nodes.json'), 'utf8')) as { port: number }[])
      expect(nodes[1]).toEqual(nodes[0])
      expect(readdirSync(dirs[1]).sort()).toEqual(readdirSync(dirs[0]).sort())
      for (const file of readdirSync(dirs[1]))
        if (file.endsWith('.rdb')) expect(readFileSync(join(dirs[1], file), 'latin1')).toMatch(/^REDIS0010/)
      await both(['--cluster', 'backup', at, '/nonexistent'])
    },
    LONG,
  )

  test(
    'C19: -c follows MOVED and ASK',
    async () => {
      const [a, b] = [n(0), n(1)]
      const at = ['-h', a.host, '-p', String(a.port)]
      for (const argv of [
        ['-c', '--raw', 'set', 'a', '1'],
        ['-c', '--no-raw', 'get', 'a'],
        ['-c', '--raw', '-r', '3', 'get', 'c'],
        ['-c', '--csv', 'get', 'c'],
        ['-c', '--raw', '-e', 'lpush', 'a', 'x'],
        ['-c', '--raw', '--eval', '/dev/null', 'a'],
        ['--raw', 'get', 'a'],
        ['-c', '--raw', 'mget', 'a', 'b'],
      ])
        await both([...at, ...argv])
      // A slot on the move: ASK for a key that the source has not.
      ask(b, 'cluster', 'setslot', '0', 'importing', idOf(a))
      ask(a, 'cluster', 'setslot', '0', 'migrating', idOf(b))
      await both([...at, '-c', '--raw', 'set', 'x{06S}', 'v'])
      await both([...at, '-c', '--raw', 'get', 'x{06S}'])
      expect(ask(a, 'exists', 'x{06S}')).toContain('ASK 0')
      // What is typed: the new node is told of. The real program reads a pipe, and ours shows a prompt.
      const typed = [
        'get a',
        'get b',
        'get x{06S}',
        'get x{06S}',
        'multi',
        'get c',
        'exec',
        '2 get a',
        'spublish {06S} hi',
      ]
      const { spawnSync } = await import('node:child_process')
      const piped = spawnSync('redis-cli', [...at, '-c', '--no-raw'], { input: typed.join('\n'), encoding: 'latin1' })
      const { runCli } = await import('./support/cli-program.ts')
      const mine = await runCli([...at, '-c', '--no-raw'], { typed: `${typed.join('\r')}\rexit\r` })
      const told = (text: string): string[] =>
        text
          .split('\n')
          .map((line) => line.replace(/^.*\x1b\[[\d;]*[a-zA-Z]/, ''))
          .filter((line) => /^(->|"|OK|QUEUED|\(|\d+\))/.test(line))
      expect(told(mine.text)).toEqual(told(piped.stdout))
      expect(told(mine.text)).toContain(`-> Redirected to slot [0] located at ${b.address}`)
      expect(mine.text).toContain(`${b.address}> `)
      for (const x of [a, b]) ask(x, 'cluster', 'setslot', '0', 'stable')
      // A sharded subscription goes to its node as well; the program says once more that it reads.
      const shard = ['-h', b.host, '-p', String(b.port), '-c', '--no-raw', 'ssubscribe', 'x{06S}']
      const theirs = spawnSync('timeout', ['1', 'stdbuf', '-oL', 'redis-cli', ...shard], { encoding: 'latin1' })
      const subscribed = await runCli(shard, { stopWhen: (text) => text.includes('(integer) 1') })
      expect(subscribed.text).toBe(theirs.stdout)
      // The new connection is authenticated as the first was.
      for (const x of six) ask(x, 'acl', 'setuser', 'lab', 'on', '>secret', '~*', '&*', '+@all')
      await both([...at, '--user', 'lab', '-a', 'secret', '--no-auth-warning', '--raw', '-c', 'acl', 'whoami'])
      for (const x of six) ask(x, 'acl', 'setuser', 'default', 'resetpass', '>other')
      await both([...at, '--user', 'lab', '-a', 'secret', '--no-auth-warning', '--raw', '-c', 'get', 'a'])
      await both(['--user', 'lab', '-a', 'secret', '--no-auth-warning', '--cluster', 'info', a.address])
      await both(['--cluster', 'info', a.address])
      await both(['-a', 'wrong', '--no-auth-warning', '--cluster', 'check', a.address])
      for (const x of six)
        spawnSync('redis-cli', [
          '-h',
          x.host,
          '-p',
          String(x.port),
          '-a',
          'other',
          'acl',
          'setuser',
          'default',
          'nopass',
        ])
    },
    LONG,
  )

  test(
    'masters that are away: fix asks for an option',
    async () => {
      await build(six, 1)
      const gone = n(2)
      ask(gone, 'debug', 'set-active-expire', '1')
      gone.running.child.kill('SIGSTOP')
      gone.running.child.kill('SIGKILL')
      await gone.running.exited
      const at = n(0).address
      await both(['--cluster', 'info', at])
      ask(n(0), 'cluster', 'setslot', '0', 'migrating', idOf(n(1)))
      const away = (r: { text: string; code: number }) => mask(r, [n(0), n(1), n(3), n(4), n(5), n(6)])
      expect(away(await ours(['--cluster', 'fix', at]))).toEqual(away(await real(['--cluster', 'fix', at])))
    },
    LONG,
  )
})
