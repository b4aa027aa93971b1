// Finds a Vulkan driver for Node's WebGPU and puts it in the environment: a real GPU's own driver,
// else Mesa's software driver (installed from backports on Debian as root), else the software
// driver that Chromium carries. Not a skip switch: without a driver it throws one clear sentence.
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { arch, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findChromium } from './chromium.ts';
import { canInstallOnDebian, installFromBackports } from './debian.ts';

const DRIVER_FOLDERS = [
  '/usr/share/vulkan/icd.d',
  '/etc/vulkan/icd.d',
  '/usr/local/share/vulkan/icd.d',
];
/** Dawn needs Vulkan 1.3 features that Mesa's driver has had since 23. */
const SOFTWARE_DRIVER = /^lvp_icd.*\.json$/;

/** Where a driver comes from and the variables that select it (empty: the system's default). */
export interface VulkanDriver {
  readonly name: 'system' | 'lavapipe' | 'swiftshader';
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Selects a driver, installing one where that is possible, and sets the environment variables
 * for this process and its children.
 * @throws Error naming what to install when there is none.
 */
export function prepareVulkan(): VulkanDriver {
  const driver = chooseDriver();
  Object.assign(process.env, driver.environment);
  if (process.env.XDG_RUNTIME_DIR === undefined) {
    // Mesa's driver warns, and older ones fail, without a folder for their sockets.
    const folder = join(tmpdir(), `vulkan-runtime-${String(process.getuid?.() ?? 0)}`);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    process.env.XDG_RUNTIME_DIR = folder;
  }
  return driver;
}

function chooseDriver(): VulkanDriver {
  const onItsOwn = process.platform !== 'linux' || process.env.VK_ICD_FILENAMES !== undefined;
  if (onItsOwn || hasGpu()) return { name: 'system', environment: {} };
  const installed = lavapipe();
  if (installed !== undefined) return installed;
  let reason = '';
  if (canInstallOnDebian()) {
    try {
      installFromBackports(['mesa-vulkan-drivers', 'libvulkan1']);
    } catch (error) {
      reason = ` Installing mesa-vulkan-drivers from backports failed: ${String(error)}.`;
    }
    const fresh = lavapipe();
    if (fresh !== undefined) return fresh;
  }
  const bundled = chromiumDriver();
  if (bundled !== undefined) return bundled;
  throw new Error(
    `No Vulkan driver for WebGPU was found.${reason} Install a GPU driver or Mesa's software ` +
      'driver 23 or newer (Debian: mesa-vulkan-drivers from backports).',
  );
}

/** A kernel driver alone is no use: its Vulkan manifest must be there as well. */
function hasGpu(): boolean {
  const nodes = ['/dev/dri/renderD128', '/dev/nvidia0', '/dev/dxg'];
  return nodes.some((node) => existsSync(node)) && manifests().some((m) => !m.software);
}

function manifests(): { path: string; software: boolean }[] {
  return DRIVER_FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => ({ path: join(folder, name), software: SOFTWARE_DRIVER.test(name) })),
  );
}

function lavapipe(): VulkanDriver | undefined {
  const found = manifests().find(({ path, software }) => software && isNewEnough(path));
  if (found === undefined) return undefined;
  return { name: 'lavapipe', environment: { VK_ICD_FILENAMES: found.path } };
}

/** The manifest names the Vulkan version of the driver; Mesa 22.3 of Debian 12 says 1.3.230. */
function isNewEnough(path: string): boolean {
  const version = /"api_version"\s*:\s*"1\.(\d+)\.(\d+)"/.exec(readFileSync(path, 'utf8'));
  const [minor, patch] = [Number(version?.[1] ?? 0), Number(version?.[2] ?? 0)];
  return minor > 3 || (minor === 3 && patch > 230);
}

function chromiumDriver(): VulkanDriver | undefined {
  const executable = findChromium();
  const places = executable === undefined ? [] : [dirname(executable)];
  for (const folder of [...places, '/usr/lib/chromium', '/usr/lib/chromium-browser']) {
    const manifest = join(folder, 'vk_swiftshader_icd.json');
    if (!existsSync(manifest)) continue;
    const libraries = [folder, process.env.LD_LIBRARY_PATH].filter((each) => each !== undefined);
    return {
      name: 'swiftshader',
      // The Vulkan loader may be missing as well; Chromium's folder has one.
      environment: {
        VK_ICD_FILENAMES: manifest,
        ...(hasLoader() ? {} : { LD_LIBRARY_PATH: libraries.join(':') }),
      },
    };
  }
  return undefined;
}

function hasLoader(): boolean {
  const machine = arch() === 'arm64' ? 'aarch64' : 'x86_64';
  const folders = [`/usr/lib/${machine}-linux-gnu`, '/usr/lib64', '/usr/lib', '/usr/local/lib'];
  return folders.some((folder) => existsSync(join(folder, 'libvulkan.so.1')));
}
