// The one kind of asset that the worker imports, for the worker's type-check: that one runs
// without Vite's own declarations, which bring the page's DOM types along.
declare module '*.wasm?url' {
  const address: string;
  export default address;
}
// And the one build-time constant that it reads, as Vite declares it.
interface ImportMetaEnv {
  DEV: boolean;
}
interface ImportMeta {
  readonly env: ImportMetaEnv;
}
