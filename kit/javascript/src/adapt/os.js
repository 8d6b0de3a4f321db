// Node's `os`, with fixed values, since a component has no information about its machine.

export const EOL = "\n";
export const arch = () => "wasm32";
export const cpus = () => [];
export const freemem = () => 0;
export const homedir = () => "/";
export const hostname = () => "localhost";
export const platform = () => "linux";
export const tmpdir = () => "/tmp";
export const totalmem = () => 0;
export const type = () => "Linux";
export default { EOL, arch, cpus, freemem, homedir, hostname, platform, tmpdir, totalmem, type };
