// The digit network, computed here. A stage is {name, source, kind, maps, side, kernel, stride,
// relu}; fully connected layers are convolutions whose kernel covers everything. What a stage makes
// is a Float32Array in the order (map, row, column), as in PyTorch.

/** All tensors of one drawing: {input, conv1, pool1, conv2, pool2, fc1, fc2, probabilities}. */
function forward(input, tensors, stages) {
  const run = { input: Float32Array.from(input) };
  let before = { name: "input", maps: 1, side: 28 };
  for (const stage of stages) {
    const source = run[before.name];
    run[stage.name] = stage.kind === "sum" ? summed(source, before, stage, tensors) : largest(source, before, stage);
    before = stage;
  }
  run.probabilities = softmax(run[before.name]);
  return run;
}

function summed(source, before, { name, maps, side, kernel, relu }, tensors) {
  const weight = tensors[`${name}.weight`];
  const bias = tensors[`${name}.bias`];
  const result = new Float32Array(maps * side * side);
  const sums = new Float64Array(side * side); // of one map; kept exact until all is added
  let w = 0;
  for (let map = 0; map < maps; map++) {
    sums.fill(bias[map]);
    for (let channel = 0; channel < before.maps; channel++)
      for (let i = 0; i < kernel; i++)
        for (let j = 0; j < kernel; j++) {
          const factor = weight[w++];
          const start = (channel * before.side + i) * before.side + j;
          for (let row = 0; row < side; row++) {
            const from = start + row * before.side;
            for (let column = 0; column < side; column++) sums[row * side + column] += factor * source[from + column];
          }
        }
    for (let at = 0; at < sums.length; at++) result[map * sums.length + at] = relu ? Math.max(0, sums[at]) : sums[at];
  }
  return result;
}

function largest(source, before, { maps, side, kernel, stride }) {
  const result = new Float32Array(maps * side * side);
  for (let map = 0; map < maps; map++)
    for (let row = 0; row < side; row++)
      for (let column = 0; column < side; column++) {
        let most = -Infinity;
        for (let i = 0; i < kernel; i++)
          for (let j = 0; j < kernel; j++)
            most = Math.max(most, source[(map * before.side + row * stride + i) * before.side + column * stride + j]);
        result[(map * side + row) * side + column] = most;
      }
  return result;
}

function softmax(scores) {
  const most = Math.max(...scores);
  const powers = Array.from(scores, (score) => Math.exp(score - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/** The first of the largest numbers. */
function answerOf(run) {
  return run.probabilities.indexOf(Math.max(...run.probabilities));
}

/** How one cell was made: {channels, bias, sum, value}; each channel is {map, patch, weights, sum}.
    Of a pooling there is one channel, without weights, and the sum is the largest number. */
function derive(run, tensors, stages, { stage: name, map, row, column }) {
  const place = stages.findIndex((stage) => stage.name === name);
  const stage = stages[place];
  const before = place ? stages[place - 1] : { name: "input", maps: 1, side: 28 };
  const { kernel, stride } = stage;
  const patchOf = (channel) => {
    const patch = [];
    for (let i = 0; i < kernel; i++)
      for (let j = 0; j < kernel; j++)
        patch.push(run[before.name][(channel * before.side + row * stride + i) * before.side + column * stride + j]);
    return patch;
  };
  if (stage.kind === "max") {
    const patch = patchOf(map);
    const value = Math.max(...patch);
    return { stage, before, channels: [{ map, patch, sum: value }], sum: value, value };
  }
  const area = kernel * kernel;
  const weight = tensors[`${name}.weight`];
  const bias = tensors[`${name}.bias`][map];
  const channels = Array.from({ length: before.maps }, (_, channel) => {
    const start = (map * before.maps + channel) * area;
    const [patch, weights] = [patchOf(channel), weight.subarray(start, start + area)];
    return { map: channel, patch, weights, sum: patch.reduce((sum, value, at) => sum + value * weights[at], 0) };
  });
  const sum = channels.reduce((total, channel) => total + channel.sum, 0);
  const value = stage.relu ? Math.max(0, sum + bias) : sum + bias;
  return { stage, before, channels, bias, sum, value };
}
