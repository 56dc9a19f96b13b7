export function serveWorldPage(): Promise<{ readonly url: string; close(): void }>
export function bundleOneThread(dir: string): Promise<string>
