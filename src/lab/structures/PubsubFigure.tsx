/** The figure of pub/sub: publishers at the left, channels and patterns in the middle, subscribers at the right. */
import { showBytes } from '../bytes.ts'
import { bytesText, count } from '../format.ts'
import { plural } from './data.ts'
import { Picture } from './Pane.tsx'
import { type Hub, type PubsubData, subscribersOf } from './pubsub-figure.ts'
import { Scroll } from './sheets.tsx'

const ROW = 34
const MOST = 14
const [PUB, HUB, SUB] = [0, 220, 560]
const WIDTH = 860

export function PubsubFigure({ d, hubs: all }: { d: PubsubData; hubs: readonly Hub[] }) {
  const hubs = all.slice(0, MOST)
  const names = new Set(hubs.flatMap((h) => h.clients.map((c) => c.id)))
  const subs = subscribersOf(d)
    .filter((s) => names.has(s.id))
    .slice(0, MOST)
  const pubs = [...new Set(hubs.flatMap((h) => h.recent.map((p) => p.by)))].slice(-6)
  if (hubs.length === 0)
    return <p className="cap">Nobody listens. Make a new subscriber below, or type SUBSCRIBE news in a terminal.</p>
  const rows = Math.max(hubs.length, subs.length, pubs.length)
  const y = (i: number, n: number) => 12 + ((i + 0.5) * rows * ROW) / Math.max(1, n)
  const height = rows * ROW + 24
  const tell = hubs.map(
    (h) =>
      `${h.kind === 'nobody' ? 'Channel without a listener' : h.kind} ${showBytes(h.name, 40)}: ${plural(h.count, 'listener')}, ${plural(h.recent.length, 'message')} in the last three seconds${h.kind === 'nobody' ? ', lost' : ''}.`,
  )
  return (
    <Scroll label="Channels">
      <Picture label={`${hubs.length} channels and patterns, ${subs.length} subscribers`} tell={tell}>
        {(marks) => (
          <svg width={WIDTH} height={height} aria-hidden="true" className="pubsub">
            {hubs.map((h, i) => {
              const hy = y(i, hubs.length)
              const hot = h.recent.length > 0
              return (
                <g key={`${h.kind}|${h.name}`}>
                  {pubs.map((by, k) =>
                    h.recent.some((p) => p.by === by) ? (
                      <path
                        key={by}
                        d={`M${PUB + 150} ${y(k, pubs.length)}C${PUB + 190} ${y(k, pubs.length)} ${HUB - 40} ${hy} ${HUB} ${hy}`}
                        fill="none"
                        stroke="var(--ink)"
                        strokeWidth="1.5"
                      />
                    ) : null,
                  )}
                  {subs.map((s, k) =>
                    h.clients.some((c) => c.id === s.id) ? (
                      <g key={s.id}>
                        <path
                          d={`M${HUB + 210} ${hy}C${HUB + 270} ${hy} ${SUB - 60} ${y(k, subs.length)} ${SUB} ${y(k, subs.length)}`}
                          fill="none"
                          stroke={hot ? 'var(--ink)' : 'var(--line-3)'}
                          strokeWidth={hot ? 2 : 1}
                          strokeDasharray={h.kind === 'pattern' ? '5 3' : undefined}
                        />
                        {hot && (
                          <circle
                            key={h.recent.at(-1)?.seq}
                            className="pulse"
                            r="4"
                            fill="var(--ink)"
                            style={{
                              offsetPath: `path("M${HUB + 210} ${hy}C${HUB + 270} ${hy} ${SUB - 60} ${y(k, subs.length)} ${SUB} ${y(k, subs.length)}")`,
                            }}
                          />
                        )}
                      </g>
                    ) : null,
                  )}
                  {/* biome-ignore lint/a11y/noStaticElementInteractions: the picture around it takes the keyboard */}
                  <g transform={`translate(${HUB} ${hy - 12})`} onClick={() => marks.pick(i)}>
                    <rect
                      width="210"
                      height="24"
                      rx="12"
                      fill={hot ? 'var(--bg-sel)' : 'var(--bg-raised)'}
                      stroke={h.kind === 'nobody' ? 'var(--down)' : 'var(--line-3)'}
                      strokeWidth={h.kind === 'shard channel' ? 3 : 1}
                      strokeDasharray={h.kind === 'pattern' ? '5 3' : h.kind === 'nobody' ? '2 4' : undefined}
                      className={marks.on === i ? 'mark-on' : ''}
                    />
                    <text className="m" x="12" y="16" fontSize="11" fontWeight={hot ? 700 : 400}>
                      {showBytes(h.name, 20)}
                    </text>
                    <text className="ink2t" x="200" y="16" fontSize="11" textAnchor="end">
                      {h.kind === 'nobody'
                        ? 'lost'
                        : h.kind === 'channel'
                          ? ''
                          : h.kind === 'pattern'
                            ? 'pattern'
                            : 'shard'}
                    </text>
                    {h.kind === 'nobody' && (
                      <path
                        d="M218 12h10m6 -6l6 -4m-6 10h8m-8 6l6 4"
                        stroke="var(--down)"
                        strokeWidth="1.5"
                        fill="none"
                        className="puff"
                      />
                    )}
                  </g>
                </g>
              )
            })}
            {pubs.map((by, k) => (
              <g key={by} transform={`translate(${PUB} ${y(k, pubs.length) - 11})`}>
                <rect width="150" height="22" rx="2" fill="var(--client-t)" stroke="var(--line-3)" />
                <text className="m" x="8" y="15" fontSize="11">
                  {by}
                </text>
              </g>
            ))}
            {subs.map((s, k) => (
              <g key={s.id} transform={`translate(${SUB} ${y(k, subs.length) - 13})`}>
                <rect width="190" height="26" rx="2" fill="var(--client-t)" stroke="var(--line-3)" />
                <text className="m" x="8" y="16" fontSize="11">
                  {s.name === '' ? s.client : showBytes(s.name, 22)}
                </text>
                {s.owed > 0 && (
                  <>
                    <rect
                      x="196"
                      y="6"
                      width={Math.min(80, 6 + Math.log2(s.owed) * 3)}
                      height="14"
                      fill={s.softSinceMs === null ? 'var(--suspect)' : 'var(--down)'}
                    />
                    <text className="m" x="198" y="34" fontSize="11">
                      {bytesText(s.owed)}
                    </text>
                  </>
                )}
              </g>
            ))}
          </svg>
        )}
      </Picture>
      {all.length > hubs.length && <p className="cap">{count(all.length - hubs.length)} more are in the table.</p>}
      <div className="legend">
        <span>dashed: a pattern; heavy: a shard channel</span>
        <span>
          <i style={{ background: 'var(--suspect)' }} />
          in its output buffer
        </span>
        <span>
          <i style={{ background: 'var(--down)' }} />
          above the soft limit
        </span>
      </div>
    </Scroll>
  )
}
