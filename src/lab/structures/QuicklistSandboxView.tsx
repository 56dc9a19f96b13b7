/** A small list to split and to merge, step by step; entries keep their colour and move to their new place. */
import { useState } from 'react'
import { onBrackets } from './brackets.ts'
import { Range } from './ExpiryStrategies.tsx'
import { type Frame, type ListOp, QuicklistSandbox } from './quicklist-sandbox.ts'

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
const ITEM = 28
const PAD = 6
const GAP = 26

export function QuicklistSandboxView() {
  const [fill, setFill] = useState(4)
  const [box, setBox] = useState(() => new QuicklistSandbox([...LETTERS.slice(0, 12)], 4))
  const [frames, setFrames] = useState<readonly Frame[]>(() => [box.now()])
  const [at, setAt] = useState(0)
  const [pivot, setPivot] = useState('f')
  const [made, setMade] = useState(0)
  const frame = frames[Math.min(at, frames.length - 1)] as Frame
  const items = box.items()
  const index = Math.max(0, items.indexOf(pivot))
  const run = (op: ListOp) => {
    setFrames(box.run(op))
    setAt(0)
    setMade(made + 1)
  }
  const value = String(made + 1)
  const start = (n: number) => {
    const fresh = new QuicklistSandbox([...LETTERS.slice(0, 12)], n)
    setBox(fresh)
    setFrames([fresh.now()])
    setAt(0)
    setMade(0)
    setPivot('f')
  }
  const onKey = onBrackets((by) => setAt(Math.max(0, Math.min(frames.length - 1, at + by))))
  const full = items.length >= 26
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the brackets do what the two buttons do
    <div className="sandboxbox" data-testid="quicklist-sandbox" onKeyDown={onKey}>
      <p className="cap">
        <span className="sandbox">Sandbox</span> A list in this page with small nodes. Choose an entry, then insert at
        it; nothing is sent to the server.
      </p>
      <Train frame={frame} pivot={pivot} onPivot={setPivot} />
      <p className="cap" aria-live="polite">
        {frames.length > 1 ? `${at + 1} of ${frames.length}. ` : ''}
        {frame.text}
      </p>
      <div className="pager">
        <button
          type="button"
          className="btn small"
          disabled={at === 0}
          title="Previous step ([)"
          onClick={() => setAt(at - 1)}
        >
          Previous step
        </button>
        <button
          type="button"
          className="btn small"
          disabled={at >= frames.length - 1}
          title="Next step (])"
          onClick={() => setAt(at + 1)}
        >
          Next step
        </button>
      </div>
      <div className="pager">
        <button type="button" className="btn small" disabled={full} onClick={() => run({ kind: 'LPUSH', value })}>
          LPUSH {value}
        </button>
        <button type="button" className="btn small" disabled={full} onClick={() => run({ kind: 'RPUSH', value })}>
          RPUSH {value}
        </button>
        <button
          type="button"
          className="btn small"
          disabled={full}
          onClick={() => run({ kind: 'LINSERT', at: index, after: false, value })}
        >
          LINSERT BEFORE {pivot} {value}
        </button>
        <button
          type="button"
          className="btn small"
          disabled={full}
          onClick={() => run({ kind: 'LINSERT', at: index, after: true, value })}
        >
          LINSERT AFTER {pivot} {value}
        </button>
        <button
          type="button"
          className="btn small"
          disabled={items.length <= 1}
          onClick={() => {
            run({ kind: 'DEL', at: index })
            setPivot(items[index + 1] ?? items[index - 1] ?? 'a')
          }}
        >
          LREM 1 {pivot}
        </button>
        <button type="button" className="btn small" onClick={() => start(fill)}>
          Begin again
        </button>
      </div>
      <div className="knobs">
        <Range
          name="entries a node"
          value={fill}
          min={1}
          max={8}
          on={(n) => {
            setFill(n)
            start(n)
          }}
        />
      </div>
    </div>
  )
}

/** Everything stands where its frame puts it, and goes there from where it stood. */
function Train({ frame, pivot, onPivot }: { frame: Frame; pivot: string; onPivot: (item: string) => void }) {
  let x = 8
  const cars = frame.nodes.map((n) => {
    const left = x
    const width = Math.max(1, n.items.length) * ITEM + 2 * PAD
    x += width + GAP
    return { n, left, width }
  })
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div className="sv" tabIndex={0} role="region" aria-label="Nodes of the list in the sandbox">
      <div className="train" style={{ width: x }}>
        {cars.map(({ n, left, width }, i) => (
          <span
            key={n.id}
            className={`car ${n.loose ? 'loose' : ''} ${n.hot ? 'hot' : ''}`}
            style={{ transform: `translate(${left}px, ${n.loose ? 34 : 8}px)`, width }}
          >
            {i === 0 ? 'head' : i === cars.length - 1 ? 'tail' : ''}
          </span>
        ))}
        {cars
          .flatMap(({ n, left }) =>
            n.items.map((item, k) => ({ item, x: left + PAD + k * ITEM, y: n.loose ? 54 : 28 })),
          )
          .sort((a, b) => (a.item < b.item ? -1 : 1))
          .map(({ item, x: at, y }) => (
            <button
              key={item}
              type="button"
              className={item === pivot ? 'on' : ''}
              aria-pressed={item === pivot}
              aria-label={`Entry ${item}`}
              style={{ transform: `translate(${at}px, ${y}px)` }}
              onClick={() => onPivot(item)}
            >
              {item}
            </button>
          ))}
      </div>
    </div>
  )
}
