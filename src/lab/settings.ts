/** What this browser remembers. A page without storage works the same for its visit. */
export function readSetting(name: string): string | null {
  try {
    return localStorage.getItem(`rehash.${name}`)
  } catch {
    return null
  }
}

export function writeSetting(name: string, value: string): void {
  try {
    localStorage.setItem(`rehash.${name}`, value)
  } catch {
    // Not remembered, then.
  }
}
