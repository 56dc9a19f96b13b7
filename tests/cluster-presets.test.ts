/** The clusters that the lab opens: they come up formed, and looking at them changes nothing. */
import { expect, test } from 'vitest'
import { clusterPreset } from '../src/world/cluster-presets.ts'
import { createProgram } from '../src/world/programs.ts'
import { createWorld } from '../src/world/world.ts'
import { deployCluster, readyCluster, SECOND } from './cluster-deploy.ts'

test('T-CLUS6, T-CLUS7, T-CLUS3: whole within four seconds of their start', () => {
  for (const [preset, replicas] of [
    ['cluster', { n3: 'n0', n4: 'n1', n5: 'n2' }],
    ['cluster-7', { n3: 'n0', n4: 'n1', n5: 'n2', n6: 'n0' }],
    ['cluster-3', {}],
  ] as const) {
    const kit = readyCluster({ seed: 31, preset })
    expect(kit.world.now).toBeLessThan(4 * SECOND)
    expect([0, 5460, 5461, 10922, 10923, 16383].map((s) => kit.owners(s).join())).toEqual([
      'n0',
      'n0',
      'n1',
      'n1',
      'n2',
      'n2',
    ])
    for (const [r, m] of Object.entries(replicas)) expect(kit.cluster(r).myself.slaveof?.name).toBe(kit.id(m))
    expect(kit.call('n0', 'SET', '{b}', '1')).toBe('OK')
  }
})

test('T-BLANK6: six nodes that know nobody, each with a name of its own', () => {
  const kit = deployCluster({ seed: 32, preset: 'cluster-blank' })
  kit.world.runFor(3 * SECOND)
  expect(kit.names.map((n) => kit.cluster(n).nodes.size)).toEqual([1, 1, 1, 1, 1, 1])
  expect(new Set(kit.names.map(kit.id)).size).toBe(6)
  for (const n of kit.names) expect(kit.said(n, /^No cluster configuration found, I'm [0-9a-f]{40}$/)).toBe(true)
})

test('a failover has the same history with taps and eyes and without, and another with another seed', () => {
  const live = (seed: number, watched: boolean): string => {
    const world = createWorld(clusterPreset('cluster', seed), (kind) => (env, tap) => createProgram(kind, env, tap), {
      tap: watched,
    })
    for (let i = 0; i < 100; i++) {
      if (i === 40) world.inject({ type: 'kill', process: 'n0' })
      if (i === 85) world.inject({ type: 'restart', process: 'n0' })
      world.runFor(SECOND / 10)
      if (!watched) continue
      for (const s of world.statuses())
        if (s.state === 'running')
          for (const args of [[], ['epochs'], ['bus', '60'], ['packet', '40'], ['bits']])
            world.view(s.name, 'cluster', args)
    }
    return world.digest()
  }
  const plain = live(33, false)
  expect(live(33, true)).toBe(plain)
  expect(live(34, false)).not.toBe(plain)
})

test('what a node remembered of epochs outlives it, also when it has come back', () => {
  const world = createWorld(clusterPreset('cluster', 35), (kind) => (env, tap) => createProgram(kind, env, tap), {
    tap: true,
  })
  world.runFor(4 * SECOND)
  const told = world.view('n0', 'cluster', ['epochs'])
  expect(world.view('n0', 'remains')).toBe(null)
  world.inject({ type: 'kill', process: 'n0' })
  world.runFor(SECOND)
  const { epochs } = world.view('n0', 'remains') as { epochs: { base: unknown; replids: unknown } }
  expect(epochs).toMatchObject({ base: (told as typeof epochs).base, replids: (told as typeof epochs).replids })
  expect(world.view('n0', 'cluster', ['epochs'])).toBe(null)
  world.inject({ type: 'restart', process: 'n0' })
  world.runFor(4 * SECOND)
  expect(world.view('n0', 'remains')).toEqual({ epochs })
  expect(world.view('n0', 'cluster', ['epochs'])).not.toBe(null)
})
