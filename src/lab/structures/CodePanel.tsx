/** Pseudo-code beside a stepper: the line it is at is lit. */
export function CodePanel({
  name,
  lines,
  lit,
  test = -1,
}: {
  name: string
  lines: readonly string[]
  lit: number
  /** A line that was tried on the way. */
  test?: number
}) {
  return (
    <figure className="code">
      <figcaption className="cap mono">{name}</figcaption>
      <ol>
        {lines.map((l, i) => (
          <li
            // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place
            key={i}
            className={i === lit ? 'lit' : i === test ? 'tried' : ''}
            aria-current={i === lit ? 'step' : undefined}
          >
            <code>{l}</code>
          </li>
        ))}
      </ol>
    </figure>
  )
}
