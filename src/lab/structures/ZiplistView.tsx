/** A figure beside the engine: the same values in a ziplist, and the cascade that listpacks were made to end. */
import { useState } from 'react'
import { count } from '../format.ts'
import { onBrackets } from './brackets.ts'
import { type ListpackData, plural } from './data.ts'
import { Picture } from './Pane.tsx'
import { bodyOf, insertHead, layout, listpackInsertHead, sizeOf, type ZipEntry } from './ziplist.ts'

export function ZiplistView({ s }: { s: ListpackData }) {
  const [own, setOwn] = useState(true)
  const [size, setSize] = useState(252)
  const [step, setStep] = useState(0)
  const before = layout(
    own ? s.entries.slice(0, 24).map((e) => bodyOf(e.value)) : Array.from({ length: 8 }, () => size - 1),
  )
  const { list, steps } = insertHead(before, 300)
  // Step 0 is before; 1 writes the new entry; each one more lets one entry grow.
  const grown = new Set(steps.slice(0, Math.max(0, step - 1)).map((x) => x.index))
  const shown: ZipEntry[] =
    step === 0
      ? before
      : list.map((e, i) =>
          i === 0 || grown.has(i) || !steps.some((x) => x.index === i) ? e : (before[i - 1] as ZipEntry),
        )
  const now = step >= 2 ? steps[step - 2] : undefined
  const total = 11 + shown.reduce((n, e) => n + sizeOf(e), 0)
  const last = steps.length + 1
  const tell = shown.map(
    (e, i) =>
      `${step > 0 && i === 0 ? 'The new entry' : `Entry ${step > 0 ? i - 1 : i}`}: prevlen ${e.prevlen} in ${plural(e.room, 'byte')}, then ${plural(e.body, 'byte')} of encoding and data, ${sizeOf(e)} together.`,
  )
  return (
    <>
      <p className="cap">
        <b className="ink">A figure.</b> Redis 7.0 keeps no ziplist: this is what{' '}
        {own ? 'these values' : `eight entries of ${size} bytes`} would be in one.{' '}
        {own ? '' : 'Each length stands in the next entry, in 1 byte below 254.'}
      </p>
      <Picture label={`Ziplist of ${plural(shown.length, 'entry', 'entries')}`} tell={tell}>
        {(marks) => (
          <div className="ents zip">
            {shown.map((e, i) => (
              // biome-ignore lint/a11y/noStaticElementInteractions: the picture around it takes the keyboard
              // biome-ignore lint/a11y/useKeyWithClickEvents: the picture around it takes the keyboard
              <div
                // biome-ignore lint/suspicious/noArrayIndexKey: an entry is its place
                key={i}
                className={`ent ${marks.on === i ? 'on mark-on' : ''} ${now?.index === i && step > 0 ? 'hit' : ''}`}
                onClick={() => marks.pick(i)}
              >
                <span className="by">
                  <span className={`cell ${e.room === 5 ? 'e6' : 'e5'}`} style={{ width: e.room === 5 ? 62 : 30 }}>
                    {e.prevlen}
                  </span>
                  <span className={`cell ${step > 0 && i === 0 ? 'e4' : 'e2'}`} style={{ width: 52 }}>
                    {e.body}
                  </span>
                </span>
                <span className="val" />
                <span className="name plainname">{count(sizeOf(e))}</span>
              </div>
            ))}
          </div>
        )}
      </Picture>
      <div className="legend">
        <span>
          <i className="e5" />
          prevlen in 1 byte
        </span>
        <span>
          <i className="e6" />
          prevlen in 5 bytes
        </span>
        <span>
          <i className="e2" />
          encoding and data, bytes
        </span>
      </div>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the brackets do what the two buttons do */}
      <div className="pager" onKeyDown={onBrackets((by) => setStep(Math.max(0, Math.min(last, step + by))))}>
        <button type="button" className="btn small" disabled={step === 0} onClick={() => setStep(step - 1)}>
          Back
        </button>
        <button type="button" className="btn small" disabled={step >= last} onClick={() => setStep(step + 1)}>
          {step === 0 ? 'Put 300 bytes at the head' : 'Next update'}
        </button>
        <button
          type="button"
          className="btn small"
          onClick={() => {
            setOwn(!own)
            setStep(0)
          }}
        >
          {own ? 'Entries that cascade' : "This key's entries"}
        </button>
        {!own && (
          <label className="knob">
            bytes of an entry
            <input
              type="range"
              min={240}
              max={260}
              value={size}
              onChange={(e) => {
                setSize(Number(e.target.value))
                setStep(0)
              }}
            />
            <output className="mono">{size}</output>
          </label>
        )}
      </div>
      <Beside
        values={own ? s.entries.slice(0, 24).map((e) => e.value) : before.map(() => 'x'.repeat(size - 3))}
        zip={steps.length + 1}
        done={step >= last}
      />
      <p className="cap" aria-live="polite">
        {step === 0
          ? `${count(total)} bytes with header and end.`
          : now
            ? `Update ${step - 1} of ${steps.length}: the length before it no longer fits 1 byte, it grows from ${now.before} to ${now.after}, and ${count(now.moved)} bytes behind move.`
            : steps.length === 0
              ? `Written; the next entry's prevlen field has room: no cascade. ${count(total)} bytes.`
              : 'Written. The next entry must say 301, which needs 5 bytes.'}{' '}
        {step >= last && steps.length > 0
          ? `In all ${plural(steps.length, 'update')} and ${count(steps.reduce((n, x) => n + x.moved, 0))} bytes moved.`
          : ''}
      </p>
    </>
  )
}

/** Ziplist against listpack, the latter on the engine's own class. */
function Beside({ values, zip, done }: { values: readonly (string | number)[]; zip: number; done: boolean }) {
  const lp = listpackInsertHead(values, 'y'.repeat(300))
  return (
    <div className="beside">
      <Bar
        name="ziplist"
        n={zip}
        of={values.length + 1}
        text={done ? plural(zip, 'entry', 'entries') : 'step to see'}
        hide={!done}
      />
      <Bar
        name="listpack"
        n={lp.rewritten}
        of={values.length + 1}
        text={`${plural(lp.rewritten, 'entry', 'entries')}, ${count(lp.moved)} bytes moved once as they are`}
      />
    </div>
  )
}
function Bar(props: { name: string; n: number; of: number; text: string; hide?: boolean }) {
  return (
    <>
      <span className="cap">{props.name} writes</span>
      <span className="boxes" aria-hidden="true">
        {Array.from({ length: Math.min(64, props.of) }, (_, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: an entry is its place
          <i key={i} className={!props.hide && i < props.n ? 'full' : ''} />
        ))}
      </span>
      <span className="mono">{props.text}</span>
    </>
  )
}
