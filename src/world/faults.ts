/** Faults as people name them, turned into inputs for processes, with the event that the timeline shows. */
import type { Peer, WorldInput } from './packet.ts'
import type { BoxSpec, CutView, Fault } from './types.ts'

export interface FaultPlan {
  /** Process index, or 'all'. */
  readonly inputs: readonly { readonly target: number | 'all'; readonly input: WorldInput }[]
  readonly kind: string
  readonly process: string
  readonly text: string
  readonly weight: number
}

/** A fault that names what does not exist. */
export class FaultError extends Error {}

export function planFault(
  fault: Fault,
  boxes: readonly BoxSpec[],
  peers: readonly Peer[],
  nextCutId: number,
): FaultPlan {
  const boxIndex = (name: string): number => {
    const box = boxes.findIndex((b) => b.name === name || b.address === name)
    if (box !== -1) return box
    const peer = peers.find((p) => p.name === name)
    if (!peer) throw new FaultError(`No box or process is called "${name}"`)
    return peer.boxIndex
  }
  const processIndex = (name: string): number => {
    const peer = peers.find((p) => p.name === name)
    if (!peer) throw new FaultError(`No process is called "${name}"`)
    return peer.index
  }
  switch (fault.type) {
    case 'kill':
    case 'term':
    case 'pause':
    case 'continue':
    case 'restart': {
      const { input, word } = PROCESS_FAULTS[fault.type]
      const inputs = [{ target: processIndex(fault.process), input }]
      const weight = fault.type === 'continue' ? 2 : 3
      return { inputs, kind: `fault.${fault.type}`, process: fault.process, text: `${word} ${fault.process}`, weight }
    }
    case 'cut': {
      const from = fault.groupA.map(boxIndex)
      const to = fault.groupB.map(boxIndex)
      const oneWay = fault.oneWay === true
      const layer = fault.layer === undefined ? {} : { layer: fault.layer }
      const input: WorldInput = { type: 'cut', id: nextCutId, from, to, oneWay, ...layer }
      const what = fault.layer === undefined ? '' : ` (${fault.layer} only)`
      const text = `${fault.groupA.join(', ')} ${oneWay ? '-/->' : '<-/->'} ${fault.groupB.join(', ')}${what}`
      return { inputs: [{ target: 'all', input }], kind: 'fault.cut', process: '', text, weight: 3 }
    }
    case 'heal': {
      const text = fault.cut === -1 ? 'all cuts' : `cut ${fault.cut}`
      return {
        inputs: [{ target: 'all', input: { type: 'heal', id: fault.cut } }],
        kind: 'fault.heal',
        process: '',
        text,
        weight: 3,
      }
    }
    case 'latency': {
      const latencyMicros = Math.max(1, Math.round(fault.latencyMicros))
      const jitterMicros = Math.max(0, Math.round(fault.jitterMicros))
      const input: WorldInput = {
        type: 'latency',
        a: boxIndex(fault.a),
        b: boxIndex(fault.b),
        latencyMicros,
        jitterMicros,
        ...(fault.bytesPerSecond === undefined ? {} : { bytesPerSecond: Math.max(1, fault.bytesPerSecond) }),
      }
      const band = fault.bytesPerSecond === undefined ? '' : `, ${fault.bytesPerSecond / 1000} kB/s`
      const text = `${fault.a} - ${fault.b} ${latencyMicros / 1000} ms, jitter ${jitterMicros / 1000} ms${band}`
      return { inputs: [{ target: 'all', input }], kind: 'fault.latency', process: '', text, weight: 2 }
    }
    case 'disk': {
      const box = boxIndex(fault.box)
      const slowness = Math.max(1, fault.slowness ?? 1)
      const input: WorldInput = { type: 'disk', freeBytes: fault.freeBytes, slowness }
      const inputs = peers.filter((p) => p.boxIndex === box).map((p) => ({ target: p.index, input }))
      const room = fault.freeBytes === null ? 'has room' : `has ${fault.freeBytes} bytes left`
      const text = `${fault.box}'s disk ${room}${slowness === 1 ? '' : `, takes ${slowness} times as long`}`
      return { inputs, kind: 'fault.disk', process: '', text, weight: 2 }
    }
    case 'power':
    case 'clock': {
      const box = boxIndex(fault.box)
      const input: WorldInput =
        fault.type === 'power' ? { type: 'powerLoss' } : { type: 'clock', offsetMicros: Math.round(fault.offsetMicros) }
      const inputs = peers.filter((p) => p.boxIndex === box).map((p) => ({ target: p.index, input }))
      const text =
        fault.type === 'power' ? `${fault.box} lost power` : `${fault.box} clock ${fault.offsetMicros / 1e6} s`
      return { inputs, kind: `fault.${fault.type}`, process: '', text, weight: 3 }
    }
  }
}

const PROCESS_FAULTS = {
  kill: { input: { type: 'kill' }, word: 'kill -9' },
  term: { input: { type: 'signal', signal: 'SIGTERM' }, word: 'SIGTERM' },
  pause: { input: { type: 'pause' }, word: 'SIGSTOP' },
  continue: { input: { type: 'continue' }, word: 'SIGCONT' },
  restart: { input: { type: 'start' }, word: 'restart' },
} as const

/** The list of cuts as the page draws it, after a fault. */
export function applyToCuts(cuts: readonly CutView[], fault: Fault, id: number, since: number): readonly CutView[] {
  if (fault.type === 'cut') {
    const { groupA, groupB, layer } = fault
    return [
      ...cuts,
      { id, groupA, groupB, oneWay: fault.oneWay === true, since, ...(layer === undefined ? {} : { layer }) },
    ]
  }
  if (fault.type === 'heal') return cuts.filter((c) => fault.cut !== -1 && c.id !== fault.cut)
  return cuts
}

/** Every process of a topology as its peers know it. */
export function peersOf(
  boxes: readonly BoxSpec[],
  processes: readonly { name: string; kind: string; box: string; port: number }[],
): Peer[] {
  return processes.map((p, index) => {
    const boxIndex = boxes.findIndex((b) => b.name === p.box)
    const box = boxes[boxIndex]
    if (!box) throw new FaultError(`Process "${p.name}" stands on box "${p.box}", which the topology does not name`)
    return { index, name: p.name, kind: p.kind, boxIndex, boxName: box.name, address: box.address, port: p.port }
  })
}
