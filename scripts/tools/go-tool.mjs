import path from 'node:path';
import { isMain, run } from '../run.mjs';
import { cached } from './cache.mjs';
import { goCommand } from './go.mjs';

/** Commands that are neither npm's nor Debian's. `fits` says which versions of an installed one will do. */
export const GO_TOOLS = {
  helm: {
    module: 'helm.sh/helm/v3/cmd/helm',
    version: 'v3.19.5',
    // `go install` does not tell the program its version; the text then ends with the minor one.
    versionArgs: ['version', '--template', '{{.Version}}'],
    fits: /^v3\.(1[6-9]|[2-9]\d)(\.|$)/,
  },
  kubeconform: {
    module: 'github.com/yannh/kubeconform/cmd/kubeconform',
    version: 'v0.8.0',
    versionArgs: ['-v'],
    fits: /^(v0\.([7-9]|\d\d)|development)/,
  },
};

/**
 * Finds a command of GO_TOOLS on the PATH; builds it into the cache otherwise, which takes a minute or two, once.
 *
 * @param {keyof typeof GO_TOOLS} name
 * @returns {Promise<string>} the command.
 * @throws Error when it can be neither found nor built.
 */
export async function goTool(name) {
  const { module, version, versionArgs, fits } = GO_TOOLS[name];
  const installed = await run(name, versionArgs).catch(() => '');
  if (fits.test(installed.trim())) return name;
  const folder = await cached(`${name}-${version}`, async (work) => {
    console.error(`Building ${name} ${version} …`);
    await run(await goCommand(), ['install', '-trimpath', '-ldflags=-s -w', `${module}@${version}`], {
      env: { GOBIN: work, CGO_ENABLED: '0', GOFLAGS: '' },
    });
  });
  return path.join(folder, name);
}

// `node scripts/tools/go-tool.mjs helm` prints where it is, for people and shell scripts.
if (isMain(import.meta.url)) console.log(await goTool(process.argv[2]));
