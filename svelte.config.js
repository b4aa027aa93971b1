// Svelte's compiler options, shared by Vite, svelte-check and ESLint. No preprocessor: TypeScript
// in components is limited to what Svelte strips itself.

/** @type {import('@sveltejs/vite-plugin-svelte').SvelteConfig} */
export default {
  compilerOptions: { runes: true },
};
