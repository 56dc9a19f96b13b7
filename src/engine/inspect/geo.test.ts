import { expect, test } from 'vitest'
import { bench } from '../server/rig.ts'
import type { GeoLook } from './geo.ts'
import { record } from './recorder.ts'

const resp = (...argv: string[]): string => `*${argv.length}\r\n${argv.map((a) => `$${a.length}\r\n${a}\r\n`).join('')}`

test('V37: the cells of the last search hold what it returned', () => {
  const b = bench([])
  record(b.server)
  const say = b.connect()
  const run = (line: string): string => say(resp(...line.split(' ')))
  for (let i = 0; i < 60; i++) run(`GEOADD g ${(i % 10) * 0.7 - 3} ${Math.floor(i / 10) * 0.9 + 40} p${i}`)
  for (const search of [
    'GEOSEARCH g FROMLONLAT 0 42 BYRADIUS 120 km ASC',
    'GEOSEARCH g FROMMEMBER p33 BYBOX 300 200 km ASC',
    'GEORADIUS g 0 42 90 mi',
    'GEORADIUSBYMEMBER g p12 200 km',
  ]) {
    const count = Number(/^\*(\d+)/.exec(run(search))?.[1])
    const geo = (b.server.view('object', ['0', 'g']) as { geo: GeoLook }).geo
    expect(geo.cells.length, search).toBeLessThanOrEqual(9)
    expect(
      geo.cells.reduce((n, c) => n + c.found, 0),
      search,
    ).toBe(count)
    expect(count).toBeGreaterThan(0)
    // The first cell is that of the centre.
    const [c] = geo.cells
    expect(geo.center.lon).toBeGreaterThanOrEqual(c?.lonMin as number)
    expect(geo.center.lon).toBeLessThanOrEqual(c?.lonMax as number)
  }
  run('ZSCORE g p1')
  expect((b.server.view('object', ['0', 'g']) as { geo: GeoLook | null }).geo).toBeNull()
})
