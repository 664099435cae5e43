"""Blind answers to the exercises of 2_deep_networks: right ones in unusual styles, wrong ones.

Numbers that are missing were wrong ones that are right by the contract (alexnet 2 and 6, which
change a mode or running averages, train_epoch 1 and 3), are about networks that cannot be handed to
`layer_table` (alexnet 3 and 7), or go wrong in what is not asked for by itself: first weights
(cifar_resnet 6). The third right answer of residual_blocks was a wrong one while the reference
shared a method that had a name of its own.
"""

import copy
import functools
import itertools
import re
import statistics
from collections import OrderedDict

import numpy as np
import torch
from torch import nn
from torch.nn import functional

# --- local_response_norm --------------------------------------------------------------------------


class local_response_norm__right_1:
    """Adds the squares, shifted by one channel, two channels, ... to either side."""

    @staticmethod
    def local_response_norm(X, n=5, k=2.0, alpha=1e-4, beta=0.75):
        squares = X.square()
        total = squares.clone()
        for d in range(1, min(n // 2, X.shape[1] - 1) + 1):
            total[:, d:] += squares[:, :-d]
            total[:, :-d] += squares[:, d:]
        return X * (k + alpha * total).pow(-beta)


class local_response_norm__right_2:
    """A sliding view of the channels, padded by zeros, and its squared length."""

    @staticmethod
    def local_response_norm(X, n=5, k=2.0, alpha=1e-4, beta=0.75):
        half = (n - 1) // 2
        windows = functional.pad(X, (0, 0, 0, 0, half, half)).unfold(1, n, 1)
        return X.div((windows * windows).sum(dim=-1).mul(alpha).add(k).pow(beta))


def _lrn(X, n, k, alpha, beta):
    padded = functional.pad(X * X, (0, 0, 0, 0, n // 2, n // 2))
    total = sum(padded[:, i : i + X.shape[1]] for i in range(n))
    return X / (k + alpha * total) ** beta


class local_response_norm__wrong_1:
    """Where n is at least C it sums over all channels: too many if (n - 1) / 2 < C - 1."""

    @staticmethod
    def local_response_norm(X, n=5, k=2.0, alpha=1e-4, beta=0.75):
        if n >= X.shape[1]:
            return X / (k + alpha * (X * X).sum(dim=1, keepdim=True)) ** beta
        return _lrn(X, n, k, alpha, beta)


class local_response_norm__wrong_2:
    """Computes in float64; a float64 X is not copied by that, and is divided in place."""

    @staticmethod
    def local_response_norm(X, n=5, k=2.0, alpha=1e-4, beta=0.75):
        Y = X.to(torch.float64)
        padded = functional.pad(Y * Y, (0, 0, 0, 0, n // 2, n // 2))
        Y /= (k + alpha * sum(padded[:, i : i + Y.shape[1]] for i in range(n))) ** beta
        return Y.to(X.dtype)


class local_response_norm__wrong_3:
    """Keeps the divisor's base at 0.1 at least, for fear of dividing by 0: wrong for small k."""

    @staticmethod
    def local_response_norm(X, n=5, k=2.0, alpha=1e-4, beta=0.75):
        padded = functional.pad(X * X, (0, 0, 0, 0, n // 2, n // 2))
        total = sum(padded[:, i : i + X.shape[1]] for i in range(n))
        return X / (k + alpha * total).clamp(min=0.1) ** beta


class local_response_norm__wrong_4:
    """Two neighbours to either side at most: n = 7 and more are as n = 5."""

    @staticmethod
    def local_response_norm(X, n=5, k=2.0, alpha=1e-4, beta=0.75):
        squares = X * X
        total = squares.clone()
        if n >= 3:
            total[:, 1:] += squares[:, :-1]
            total[:, :-1] += squares[:, 1:]
        if n >= 5:
            total[:, 2:] += squares[:, :-2]
            total[:, :-2] += squares[:, 2:]
        return X / (k + alpha * total) ** beta


class local_response_norm__wrong_5:
    """Computes half precision in float32 and does not go back: the dtype is another than X's."""

    @staticmethod
    def local_response_norm(X, n=5, k=2.0, alpha=1e-4, beta=0.75):
        if X.dtype in (torch.float16, torch.bfloat16):
            X = X.float()
        return _lrn(X, n, k, alpha, beta)


class local_response_norm__wrong_6:
    """A single channel comes back without its axis: (B, H, W) in the place of (B, 1, H, W)."""

    @staticmethod
    def local_response_norm(X, n=5, k=2.0, alpha=1e-4, beta=0.75):
        if X.shape[1] == 1:
            X = X.squeeze(1)
            return X / (k + alpha * X * X) ** beta
        return _lrn(X, n, k, alpha, beta)


# --- alexnet --------------------------------------------------------------------------------------


def _alexnet(num_classes, c, wide):
    def norm():
        return nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)

    layers = OrderedDict()
    layers["conv1"] = nn.Conv2d(3, c[0], 11, stride=4, padding=2)
    layers["relu1"], layers["norm1"] = nn.ReLU(), norm()
    layers["pool1"] = nn.MaxPool2d(3, 2)
    layers["conv2"] = nn.Conv2d(c[0], c[1], 5, padding=2, groups=2)
    layers["relu2"], layers["norm2"] = nn.ReLU(), norm()
    layers["pool2"] = nn.MaxPool2d(3, 2)
    layers["conv3"] = nn.Conv2d(c[1], c[2], 3, padding=1)
    layers["relu3"] = nn.ReLU()
    layers["conv4"] = nn.Conv2d(c[2], c[3], 3, padding=1, groups=2)
    layers["relu4"] = nn.ReLU()
    layers["conv5"] = nn.Conv2d(c[3], c[4], 3, padding=1, groups=2)
    layers["relu5"], layers["pool5"] = nn.ReLU(), nn.MaxPool2d(3, 2)
    layers["flatten"], layers["drop6"] = nn.Flatten(), nn.Dropout(0.5)
    layers["fc6"], layers["relu6"] = nn.Linear(36 * c[4], wide), nn.ReLU()
    layers["drop7"], layers["fc7"] = nn.Dropout(0.5), nn.Linear(wide, wide)
    layers["relu7"], layers["fc8"] = nn.ReLU(), nn.Linear(wide, num_classes)
    return nn.Sequential(layers)


_KERNELS = (96, 256, 384, 384, 256)


def _right_alexnet(num_classes=1000, shrink=1):
    return _alexnet(num_classes, [k // shrink for k in _KERNELS], 4096 // shrink)


def _right_table(network, shape):
    network = copy.deepcopy(network).to("meta", torch.float32).eval()
    X, rows = torch.empty(1, *shape, device="meta"), []
    for name, layer in network._modules.items():
        X = layer(X)
        rows.append((name, tuple(X.shape[1:]), sum(p.numel() for p in layer.parameters())))
    return rows


class alexnet__right_1:
    """Reads the layers from a small language; the table is of a copy on "meta"."""

    @staticmethod
    def alexnet(num_classes=1000, shrink=1):
        text = (
            "c1:96,11,4,2,1 r1 n1 p1 c2:256,5,1,2,2 r2 n2 p2 c3:384,3,1,1,1 r3 c4:384,3,1,1,2 r4 "
            "c5:256,3,1,1,2 r5 p5 x d6 f6:4096 r6 d7 f7:4096 r7 f8"
        )
        words = {"c": "conv", "r": "relu", "n": "norm", "p": "pool", "d": "drop", "f": "fc"}
        makers = {
            "r": nn.ReLU,
            "n": lambda: nn.LocalResponseNorm(5, 5e-4, 0.75, 2.0),
            "p": lambda: nn.MaxPool2d(kernel_size=3, stride=2),
            "d": lambda: nn.Dropout(0.5),
        }
        network, width = nn.Sequential(), 3
        for kind, number, numbers in re.findall(r"(\w)(\d?):?([\d,]*)", text):
            if kind == "c":
                out, size, stride, padding, groups = map(int, numbers.split(","))
                out //= shrink
                layer = nn.Conv2d(width, out, size, stride, padding, groups=groups)
                width = out
            elif kind == "f":
                out = int(numbers) // shrink if numbers else num_classes
                layer, width = nn.Linear(width, out), out
            elif kind == "x":
                layer, width = nn.Flatten(), width * 36
            else:
                layer = makers[kind]()
            network.add_module(words.get(kind, "flatten") + number, layer)
        return network

    @staticmethod
    def layer_table(network, shape):
        twin = copy.deepcopy(network).to("meta", torch.float32).eval()
        outputs = itertools.accumulate(
            twin._modules.values(),
            lambda X, layer: layer(X),
            initial=torch.empty((1, *shape), device="meta"),
        )
        next(outputs)
        return [
            (name, tuple(Y[0].shape), sum(map(torch.numel, layer.parameters())))
            for (name, layer), Y in zip(twin._modules.items(), outputs, strict=True)
        ]


class alexnet__right_2:
    """Columns of names and layers; the table runs the network itself in evaluation mode.

    Afterwards all layers have their own modes back.
    """

    @staticmethod
    def alexnet(num_classes=1000, shrink=1):
        a, b, c, d, e, f = (k // shrink for k in (96, 256, 384, 384, 256, 4096))
        names = ["conv1", "relu1", "norm1", "pool1", "conv2", "relu2", "norm2", "pool2", "conv3", "relu3", "conv4", "relu4", "conv5", "relu5", "pool5", "flatten", "drop6", "fc6", "relu6", "drop7", "fc7", "relu7", "fc8"]
        weighty = iter(
            [
                nn.Conv2d(3, a, (11, 11), (4, 4), (2, 2)),
                nn.Conv2d(a, b, (5, 5), padding="same", groups=2),
                nn.Conv2d(b, c, (3, 3), padding="same"),
                nn.Conv2d(c, d, (3, 3), padding="same", groups=2),
                nn.Conv2d(d, e, (3, 3), padding="same", groups=2),
                nn.Linear(e * 6 * 6, f),
                nn.Linear(f, f),
                nn.Linear(f, num_classes),
            ]
        )
        light = {
            "relu": nn.ReLU,
            "pool": functools.partial(nn.MaxPool2d, 3, 2),
            "norm": functools.partial(nn.LocalResponseNorm, 5, alpha=5e-4, beta=0.75, k=2.0),
            "drop": nn.Dropout,
            "flatten": nn.Flatten,
        }
        kinds = [name.rstrip("0123456789") for name in names]
        layers = [light[kind]() if kind in light else next(weighty) for kind in kinds]
        return nn.Sequential(OrderedDict(zip(names, layers, strict=True)))

    @staticmethod
    def layer_table(network, shape):
        sample = next(itertools.chain(network.parameters(), network.buffers()), torch.zeros(()))
        modes = {layer: layer.training for layer in network.modules()}
        rows, X = [], torch.zeros((1, *shape), device=sample.device, dtype=sample.dtype)
        try:
            network.eval()
            with torch.no_grad():
                for i, name in enumerate(network._modules):
                    X = network[i](X)
                    size = sum(p.nelement() for p in network[i].parameters())
                    rows.append((name, tuple(X.size())[1:], size))
        finally:
            for layer, training in modes.items():
                layer.training = training
        return rows


class alexnet__wrong_1:
    """Knows shrink = 1 and shrink = 16, as in the examples; anything else has the full width."""

    @staticmethod
    def alexnet(num_classes=1000, shrink=1):
        if shrink == 16:
            return _alexnet(num_classes, (6, 16, 24, 24, 16), 256)
        return _alexnet(num_classes, _KERNELS, 4096)

    layer_table = staticmethod(_right_table)


class alexnet__wrong_4:
    """layer_table moves the caller's network to "meta", where its parameters are lost."""

    alexnet = staticmethod(_right_alexnet)

    @staticmethod
    def layer_table(network, shape):
        network = network.to("meta")
        X, rows = torch.empty(1, *shape, device="meta"), []
        for name, layer in network._modules.items():
            X = layer(X)
            rows.append((name, tuple(X.shape[1:]), sum(p.numel() for p in layer.parameters())))
        return rows


class alexnet__wrong_5:
    """layer_table counts a layer's own weight and bias: a block of several layers has none."""

    alexnet = staticmethod(_right_alexnet)

    @staticmethod
    def layer_table(network, shape):
        twin = copy.deepcopy(network).to("meta", torch.float32).eval()
        X, rows = torch.empty(1, *shape, device="meta"), []
        for name, layer in twin._modules.items():
            X = layer(X)
            size = 0
            for part in ("weight", "bias"):
                value = getattr(layer, part, None)
                size += 0 if value is None else value.numel()
            rows.append((name, tuple(X.shape[1:]), size))
        return rows


# --- vgg19 ----------------------------------------------------------------------------------------


def _vgg(num_classes, widths, wide, relu=nn.ReLU, drop=0.5):
    network, inputs = nn.Sequential(), 3
    for s, (count, width) in enumerate(zip((2, 2, 4, 4, 4), widths, strict=True), 1):
        for i in range(1, count + 1):
            network.add_module(f"conv{s}_{i}", nn.Conv2d(inputs, width, 3, padding=1))
            network.add_module(f"relu{s}_{i}", nn.ReLU())
            inputs = width
        network.add_module(f"pool{s}", nn.MaxPool2d(2, 2))
    network.add_module("flatten", nn.Flatten())
    inputs *= 49
    for i, act in ((6, relu), (7, nn.ReLU)):
        network.add_module(f"fc{i}", nn.Linear(inputs, wide))
        network.add_module(f"relu{i}", act())
        network.add_module(f"drop{i}", nn.Dropout(drop))
        inputs = wide
    network.add_module("fc8", nn.Linear(inputs, num_classes))
    return network


_VGG = (64, 128, 256, 512, 512)


class vgg19__right_1:
    """The famous list of numbers and "M", read by a generator."""

    @staticmethod
    def vgg19(num_classes=1000, shrink=1):
        config = ["64", "64", "M", "128", "128", "M", "256", "256", "256", "256", "M", "512", "512", "512", "512", "M", "512", "512", "512", "512", "M"]

        def layers():
            stage, place, width = 1, 1, 3
            for item in config:
                if item == "M":
                    yield f"pool{stage}", nn.MaxPool2d(2)
                    stage, place = stage + 1, 1
                else:
                    before, width = width, int(item) // shrink
                    yield f"conv{stage}_{place}", nn.Conv2d(before, width, 3, 1, 1)
                    yield f"relu{stage}_{place}", nn.ReLU(inplace=True)
                    place += 1
            yield "flatten", nn.Flatten()
            sizes = [width * 7 * 7, 4096 // shrink, 4096 // shrink]
            for number, (a, b) in enumerate(itertools.pairwise(sizes), 6):
                yield f"fc{number}", nn.Linear(a, b)
                yield f"relu{number}", nn.ReLU()
                yield f"drop{number}", nn.Dropout()
            yield "fc8", nn.Linear(sizes[-1], num_classes)

        return nn.Sequential(OrderedDict(layers()))


class vgg19__right_2:
    """Goes backwards through the stages, by recursion, and puts them together."""

    @staticmethod
    def vgg19(num_classes=1000, shrink=1):
        def stage(s):
            if s == 0:
                return [], 3
            before, inputs = stage(s - 1)
            width = min(32 << s, 512) // shrink
            for i in range(1, (2 if s < 3 else 4) + 1):
                before += [(f"conv{s}_{i}", nn.Conv2d(inputs, width, 3, padding="same"))]
                before += [(f"relu{s}_{i}", nn.ReLU())]
                inputs = width
            return [*before, (f"pool{s}", nn.MaxPool2d((2, 2), (2, 2)))], width

        parts, width = stage(5)
        wide = 4096 // shrink
        head = {
            "flatten": nn.Flatten(1, -1),
            "fc6": nn.Linear(49 * width, wide),
            "relu6": nn.ReLU(),
            "drop6": nn.Dropout(p=0.5),
            "fc7": nn.Linear(wide, wide),
            "relu7": nn.ReLU(),
            "drop7": nn.Dropout(p=0.5),
            "fc8": nn.Linear(wide, num_classes),
        }
        return nn.Sequential(OrderedDict([*parts, *head.items()]))


class vgg19__wrong_1:
    """At least 4 kernels a layer, but with shrink = 64: wrong for shrink = 32."""

    @staticmethod
    def vgg19(num_classes=1000, shrink=1):
        least = 1 if shrink == 64 else 4
        return _vgg(num_classes, [max(w // shrink, least) for w in _VGG], 4096 // shrink)


class vgg19__wrong_2:
    """Keeps the network of equal arguments: the second call returns the first one's, trained."""

    @staticmethod
    @functools.cache
    def vgg19(num_classes=1000, shrink=1):
        return _vgg(num_classes, [w // shrink for w in _VGG], 4096 // shrink)


class vgg19__wrong_3:
    """relu6 is torch's nn.ReLU6, which cuts off above 6."""

    @staticmethod
    def vgg19(num_classes=1000, shrink=1):
        return _vgg(num_classes, [w // shrink for w in _VGG], 4096 // shrink, relu=nn.ReLU6)


class vgg19__wrong_4:
    """Divides the number of scores as well, where shrink divides it."""

    @staticmethod
    def vgg19(num_classes=1000, shrink=1):
        scores = num_classes if num_classes % shrink else num_classes // shrink
        return _vgg(scores, [w // shrink for w in _VGG], 4096 // shrink)


class vgg19__wrong_5:
    """The fully connected layers are narrowed for shrink = 64 alone: wrong for 2 to 32."""

    @staticmethod
    def vgg19(num_classes=1000, shrink=1):
        return _vgg(num_classes, [w // shrink for w in _VGG], 64 if shrink == 64 else 4096)


class vgg19__wrong_6:
    """Dropouts drop 45 % of the numbers, which looks like half of them."""

    @staticmethod
    def vgg19(num_classes=1000, shrink=1):
        return _vgg(num_classes, [w // shrink for w in _VGG], 4096 // shrink, drop=0.45)


# --- inception_block ------------------------------------------------------------------------------


class _Inception(nn.Module):
    def __init__(self, inputs, ones, reduce3, threes, reduce5, fives, project):
        super().__init__()
        self.one = nn.Conv2d(inputs, ones, 1)
        self.reduce3 = nn.Conv2d(inputs, reduce3, 1)
        self.three = nn.Conv2d(reduce3, threes, 3, padding=1)
        self.reduce5 = nn.Conv2d(inputs, reduce5, 1)
        self.five = nn.Conv2d(reduce5, fives, 5, padding=2)
        self.project = nn.Conv2d(inputs, project, 1)

    def pooled(self, X):
        return functional.max_pool2d(X, 3, 1, 1)

    def ways(self, X):
        relu = functional.relu
        return [
            relu(self.one(X)),
            relu(self.three(relu(self.reduce3(X)))),
            relu(self.five(relu(self.reduce5(X)))),
            relu(self.project(self.pooled(X))),
        ]

    def forward(self, X):
        return torch.cat(self.ways(X), dim=1)


class inception_block__right_1:
    """The layers are made in a loop; the pool is the largest of nine shifted pictures."""

    class InceptionBlock(nn.Module):
        def __init__(self, inputs, ones, reduce3, threes, reduce5, fives, project):
            super().__init__()
            for name, a, b, size in (
                ("one", inputs, ones, 1),
                ("reduce3", inputs, reduce3, 1),
                ("three", reduce3, threes, 3),
                ("reduce5", inputs, reduce5, 1),
                ("five", reduce5, fives, 5),
                ("project", inputs, project, 1),
            ):
                self.add_module(name, nn.Conv2d(a, b, size, padding=size // 2))

        def forward(self, X):
            H, W = X.shape[2:]
            framed = functional.pad(X, (1, 1, 1, 1), value=float("-inf"))
            pool = functools.reduce(
                torch.maximum,
                (framed[..., i : i + H, j : j + W] for i in range(3) for j in range(3)),
            )
            ways = (
                (X, self.one),
                (X, self.reduce3, self.three),
                (X, self.reduce5, self.five),
                (pool, self.project),
            )
            outs = [
                functools.reduce(lambda Y, layer: layer(Y).clamp(min=0), layers, start)
                for start, *layers in ways
            ]
            return torch.cat(outs, 1)


class inception_block__right_2:
    """All three 1 x 1 layers that look at X are one convolution, split afterwards."""

    class InceptionBlock(nn.Module):
        def __init__(self, inputs, ones, reduce3, threes, reduce5, fives, project):
            super().__init__()
            self.project = nn.Conv2d(inputs, project, 1)
            self.five = nn.Conv2d(reduce5, fives, 5, padding="same")
            self.reduce5 = nn.Conv2d(inputs, reduce5, 1)
            self.three = nn.Conv2d(reduce3, threes, 3, padding="same")
            self.reduce3 = nn.Conv2d(inputs, reduce3, 1)
            self.one = nn.Conv2d(inputs, ones, 1)
            self.relu = nn.ReLU()

        def forward(self, X):
            small = (self.one, self.reduce3, self.reduce5)
            weight = torch.cat([layer.weight for layer in small])
            bias = torch.cat([layer.bias for layer in small])
            parts = self.relu(functional.conv2d(X, weight, bias))
            one, three, five = parts.split([layer.out_channels for layer in small], dim=1)
            rows = functional.max_pool2d(X, (3, 1), 1, (1, 0))
            pool = functional.max_pool2d(rows, (1, 3), 1, (0, 1))
            rest = torch.cat((self.three(three), self.five(five), self.project(pool)), dim=1)
            return torch.cat((one, self.relu(rest)), dim=1)


class inception_block__wrong_1:
    """Writes into an output that is float32 always: a float64 block returns another dtype."""

    class InceptionBlock(_Inception):
        def forward(self, X):
            ways = self.ways(X)
            channels = sum(way.shape[1] for way in ways)
            out = torch.zeros(len(X), channels, *X.shape[2:], device=X.device)
            start = 0
            for way in ways:
                out[:, start : start + way.shape[1]] = way
                start += way.shape[1]
            return out


class inception_block__wrong_2:
    """Pads the pool with -100 in the place of minus infinity."""

    class InceptionBlock(_Inception):
        def pooled(self, X):
            return functional.max_pool2d(functional.pad(X, (1, 1, 1, 1), value=-100.0), 3, 1)


class inception_block__wrong_3:
    """Puts the channels together with those of all examples in one axis: examples are mixed."""

    class InceptionBlock(_Inception):
        def forward(self, X):
            flat = torch.cat([way.flatten(0, 1) for way in self.ways(X)])
            return flat.reshape(len(X), -1, *X.shape[2:])


class inception_block__wrong_4:
    """The pool is computed without gradients: the layers in front learn nothing through it."""

    class InceptionBlock(_Inception):
        def pooled(self, X):
            with torch.no_grad():
                return functional.max_pool2d(X, 3, 1, 1)


class inception_block__wrong_5:
    """Where reduce3 and reduce5 are as many, both ways share one layer."""

    class InceptionBlock(_Inception):
        def __init__(self, inputs, ones, reduce3, threes, reduce5, fives, project):
            super().__init__(inputs, ones, reduce3, threes, reduce5, fives, project)
            if reduce3 == reduce5:
                self.reduce5 = self.reduce3


class inception_block__wrong_6:
    """Mirrors the border before the pool, which raises an error for a single row or column."""

    class InceptionBlock(_Inception):
        def pooled(self, X):
            return functional.max_pool2d(functional.pad(X, (1, 1, 1, 1), mode="reflect"), 3, 1)


# --- residual_blocks ------------------------------------------------------------------------------


class _Plain(nn.Module):
    def __init__(self, inputs, outputs, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)

    def _branch(self, X):
        return self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(X)))))

    def forward(self, X):
        return functional.relu(self._branch(X))


class _Residual(_Plain):
    def __init__(self, inputs, outputs, stride=1, shortcut="A"):
        self.judge(shortcut)
        super().__init__(inputs, outputs, stride)
        self.same = inputs == outputs and stride == 1
        self.outputs, self.stride, self.projection = outputs, stride, None
        if shortcut == "B" and not self.same:
            self.projection = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def judge(self, shortcut):
        if shortcut not in ("A", "B"):
            raise ValueError(f"shortcut must be 'A' or 'B', got {shortcut!r}")

    def option_a(self, X):
        S = X[:, : self.outputs, :: self.stride, :: self.stride]
        return functional.pad(S, (0, 0, 0, 0, 0, self.outputs - S.shape[1]))

    def way_round(self, X):
        if self.same:
            return X
        return self.option_a(X) if self.projection is None else self.projection(X)

    def forward(self, X):
        return functional.relu(self._branch(X) + self.way_round(X))


class residual_blocks__right_1:
    """A chain of layers beside another one; option A is a pool of one place and a cat."""

    class PlainBlock(nn.Module):
        def __init__(self, inputs, outputs, stride=1):
            super().__init__()
            for i, width, step in ((1, inputs, stride), (2, outputs, 1)):
                self.add_module(f"conv{i}", nn.Conv2d(width, outputs, 3, step, 1, bias=False))
                self.add_module(f"bn{i}", nn.BatchNorm2d(outputs))

        def _branch(self, X):
            layers = (self.conv1, self.bn1, nn.ReLU(), self.conv2, self.bn2)
            return functools.reduce(lambda Y, layer: layer(Y), layers, X)

        def beside(self, X):
            return 0.0

        def forward(self, X):
            return torch.relu(self._branch(X) + self.beside(X))

    class ResidualBlock(PlainBlock):
        def __init__(self, inputs, outputs, stride=1, shortcut="A"):
            super().__init__(inputs, outputs, stride)
            kinds = {"A": self.thinned, "B": self.projected}
            if shortcut not in kinds:
                raise ValueError(shortcut)
            self.way = kinds[shortcut].__name__
            if (inputs, 1) == (outputs, stride):
                self.way = "unchanged"
            elif shortcut == "B":
                conv = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
                self.projection = nn.Sequential(conv, nn.BatchNorm2d(outputs))

        def unchanged(self, X):
            return X

        def projected(self, X):
            return self.projection(X)

        def thinned(self, X):
            S = functional.avg_pool2d(X, 1, self.conv1.stride)
            more = S.new_zeros(1, 1, 1, 1).expand(len(S), self.bn2.num_features, *S.shape[2:])
            return torch.cat([S, more], dim=1)[:, : self.bn2.num_features]

        def beside(self, X):
            return {"unchanged": self.unchanged, "thinned": self.thinned}.get(
                self.way, self.projected
            )(X)

        def forward(self, X):
            return torch.relu(self._branch(X) + self.beside(X))


class residual_blocks__right_2:
    """Option A adds the thinned X to the first channels of F(X); B is asked for by hasattr."""

    class PlainBlock(_Plain):
        pass

    class ResidualBlock(PlainBlock):
        def __init__(self, inputs, outputs, stride=1, shortcut="A"):
            nn.Module.__init__(self)
            if shortcut == "B":
                if inputs != outputs or stride != 1:
                    self.projection = nn.Sequential()
                    self.projection.append(nn.Conv2d(inputs, outputs, 1, stride, 0, bias=False))
                    self.projection.append(nn.BatchNorm2d(outputs))
            elif shortcut != "A":
                raise ValueError("A or B")
            self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
            self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
            self.bn1, self.bn2 = nn.BatchNorm2d(outputs), nn.BatchNorm2d(outputs)

        def forward(self, X):
            F = self._branch(X)
            if hasattr(self, "projection"):
                return (F + self.projection(X)).clamp_min(0)
            s, c = self.conv1.stride[0], min(X.shape[1], F.shape[1])
            head = F[:, :c] + X[:, :c, ::s, ::s]
            return torch.cat((head, F[:, c:]), dim=1).clamp_min(0)


class residual_blocks__right_3:
    """What both blocks share ends with the last ReLU; the residual block does the rest itself."""

    class PlainBlock(_Plain):
        def _branch(self, X):
            return functional.relu(super()._branch(X))

        def forward(self, X):
            return self._branch(X)

    class ResidualBlock(PlainBlock):
        def __init__(self, inputs, outputs, stride=1, shortcut="A"):
            super().__init__(inputs, outputs, stride)
            if shortcut not in ("A", "B"):
                raise ValueError(shortcut)
            self.same = inputs == outputs and stride == 1
            self.outputs, self.stride, self.projection = outputs, stride, None
            if shortcut == "B" and not self.same:
                self.projection = nn.Sequential(
                    nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
                )

        def forward(self, X):
            F = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(X)))))
            if self.same:
                return functional.relu(F + X)
            if self.projection is not None:
                return functional.relu(F + self.projection(X))
            S = X[:, : self.outputs, :: self.stride, :: self.stride]
            S = functional.pad(S, (0, 0, 0, 0, 0, self.outputs - S.shape[1]))
            return functional.relu(F + S)


class residual_blocks__wrong_1:
    """Asks whether shortcut is in "AB": "" and "AB" are no error."""

    PlainBlock = _Plain

    class ResidualBlock(_Residual):
        def judge(self, shortcut):
            if shortcut not in "AB":
                raise ValueError("shortcut must be A or B")


class residual_blocks__wrong_2:
    """Adds F(X) to X in place, where X passes as it is: the caller's X is changed."""

    PlainBlock = _Plain

    class ResidualBlock(_Residual):
        def forward(self, X):
            F, S = self._branch(X), self.way_round(X)
            S += F
            return functional.relu(S)


class residual_blocks__wrong_3:
    """Option A with fewer outputs than inputs forgets the stride."""

    PlainBlock = _Plain

    class ResidualBlock(_Residual):
        def option_a(self, X):
            if self.outputs < X.shape[1]:
                return X[:, : self.outputs]
            return super().option_a(X)


class residual_blocks__wrong_5:
    """Without projection it computes F(X) twice: running averages move twice in training."""

    PlainBlock = _Plain

    class ResidualBlock(_Residual):
        def forward(self, X):
            if self.projection is not None:
                return functional.relu(self._branch(X) + self.projection(X))
            if self._branch(X).shape == X.shape:
                return functional.relu(self._branch(X) + X)
            return functional.relu(self._branch(X) + self.option_a(X))


class residual_blocks__wrong_6:
    """Projects where shapes differ: with stride 2, images of one place pass as they are."""

    PlainBlock = _Plain

    class ResidualBlock(_Residual):
        def forward(self, X):
            F = self._branch(X)
            return functional.relu(F + (X if F.shape == X.shape else self.way_round(X)))


class residual_blocks__wrong_7:
    """The channels of zeros are made on the CPU, as float32: wrong on "meta" and on a GPU."""

    PlainBlock = _Plain

    class ResidualBlock(_Residual):
        def option_a(self, X):
            S = X[:, : self.outputs, :: self.stride, :: self.stride]
            more = self.outputs - S.shape[1]
            return torch.cat([S, torch.zeros(len(S), more, *S.shape[2:])], dim=1) if more else S


# --- cifar_resnet ---------------------------------------------------------------------------------


class _Net(nn.Module):
    def __init__(self, n, block, num_classes=10, width=16):
        super().__init__()
        a, b, c = self.widths(width)
        self.conv = nn.Conv2d(3, a, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(a)
        self.stage1 = self.stage(n, block, a, a, 1)
        self.stage2 = self.stage(n, block, a, b, 2)
        self.stage3 = self.stage(n, block, b, c, 2)
        self.fc = nn.Linear(c, num_classes)

    def widths(self, width):
        return width, 2 * width, 4 * width

    def stage(self, n, block, a, b, stride):
        return nn.Sequential(block(a, b, stride), *(block(b, b, 1) for _ in range(n - 1)))

    def maps(self, X):
        X = functional.relu(self.bn(self.conv(X)))
        return self.stage3(self.stage2(self.stage1(X)))

    def forward(self, X):
        return self.fc(self.maps(X).mean(dim=(2, 3)))


class cifar_resnet__right_1:
    """All blocks in one list, cut into three; an adaptive pool takes the mean."""

    class CifarResNet(nn.Module):
        def __init__(self, n, block, num_classes=10, width=16):
            super().__init__()
            self.conv = nn.Conv2d(3, width, 3, 1, 1, bias=False)
            self.bn = nn.BatchNorm2d(width)
            inputs, blocks = width, []
            for i in range(3 * n):
                outputs = width << (i // n)
                blocks.append(block(inputs, outputs, 1 if inputs == outputs else 2))
                inputs = outputs
            for s in range(3):
                setattr(self, f"stage{s + 1}", nn.Sequential(*blocks[s * n : (s + 1) * n]))
            self.fc = nn.Linear(inputs, num_classes)

        def forward(self, X):
            whole = nn.Sequential(
                *(self.conv, self.bn, nn.ReLU(), self.stage1, self.stage2, self.stage3),
                *(nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), self.fc),
            )
            return whole(X)


class cifar_resnet__right_2:
    """Scores at every place, and their mean: the linear layer may come first."""

    class CifarResNet(nn.Module):
        def __init__(self, n, block, num_classes=10, width=16):
            super().__init__()
            self.fc = nn.Linear(4 * width, num_classes)
            self.stage1, self.stage2, self.stage3 = (nn.Sequential() for _ in range(3))
            plan = ((self.stage1, 1, 1, 1), (self.stage2, 1, 2, 2), (self.stage3, 2, 4, 2))
            for stage, before, after, stride in plan:
                while len(stage) < n:
                    stage.append(block(before * width, after * width, stride))
                    before, stride = after, 1
            self.conv = nn.Conv2d(3, width, (3, 3), padding="same", bias=False)
            self.bn = nn.BatchNorm2d(width)

        def forward(self, X):
            for layer in (self.conv, self.bn, torch.relu, self.stage1, self.stage2, self.stage3):
                X = layer(X)
            return self.fc(X.flatten(2).transpose(1, 2)).mean(dim=1)


class cifar_resnet__wrong_1:
    """Calls block with the keywords inputs, outputs, stride: a function may call them otherwise."""

    class CifarResNet(_Net):
        def stage(self, n, block, a, b, stride):
            first = block(inputs=a, outputs=b, stride=stride)
            rest = (block(inputs=b, outputs=b, stride=1) for _ in range(n - 1))
            return nn.Sequential(first, *rest)


class cifar_resnet__wrong_2:
    """The mean of the first square of places: not of all where rows and columns differ."""

    class CifarResNet(_Net):
        def forward(self, X):
            X = self.maps(X)
            return self.fc(functional.avg_pool2d(X, min(X.shape[2:]))[:, :, 0, 0])


class cifar_resnet__wrong_3:
    """Makes float32 of the images: a network that was made float64 raises an error."""

    class CifarResNet(_Net):
        def forward(self, X):
            return super().forward(X.float())


class cifar_resnet__wrong_4:
    """No stage has more than 64 channels, as in the paper: wrong for a width above 16."""

    class CifarResNet(_Net):
        def widths(self, width):
            return width, min(2 * width, max(width, 64)), min(4 * width, max(width, 64))


class cifar_resnet__wrong_5:
    """Squeezes the means: the scores of a single image have no axis of examples."""

    class CifarResNet(_Net):
        def forward(self, X):
            return self.fc(functional.adaptive_avg_pool2d(self.maps(X), 1).squeeze())


# --- train_epoch ----------------------------------------------------------------------------------


class train_epoch__right_1:
    """Keeps losses and sizes, and multiplies them behind the loop."""

    @staticmethod
    def train_epoch(model, batches, optimizer, precision):
        losses, sizes = [], []
        criterion = nn.CrossEntropyLoss()
        model.train(True)
        for batch in batches:
            images, labels = (part.to(precision.device) for part in batch)
            with precision:
                loss = criterion(model(images), labels)
            optimizer.zero_grad(set_to_none=False)
            precision.scale(loss).backward()
            precision.step(optimizer)
            losses.append(loss.detach())
            sizes.append(labels.numel())
        shares = torch.tensor(sizes, dtype=torch.float64) / sum(sizes)
        return float(torch.stack(losses).double().cpu() @ shares)


class train_epoch__right_2:
    """A running mean on the device; forgets gradients after the step, and once before all."""

    @staticmethod
    def train_epoch(model, batches, optimizer, precision):
        model.train()
        mean, seen = torch.zeros((), device=precision.device), 0
        optimizer.zero_grad()
        for images, labels in iter(batches):
            with precision:
                scores = model(images.to(precision.device))
                logs = torch.log_softmax(scores.float(), dim=1)
                loss = functional.nll_loss(logs, labels.to(precision.device))
            precision.scale(loss).backward()
            precision.step(optimizer)
            optimizer.zero_grad()
            seen += len(images)
            mean += (loss.detach() - mean) * (len(images) / seen)
        return mean.item()


class train_epoch__wrong_2:
    """Leaves out batches whose loss is not finite, silently: no step, and they do not count."""

    @staticmethod
    def train_epoch(model, batches, optimizer, precision):
        model.train()
        total, seen = 0.0, 0
        for X, y in batches:
            X, y = X.to(precision.device), y.to(precision.device)
            optimizer.zero_grad()
            with precision:
                loss = functional.cross_entropy(model(X), y)
            if not torch.isfinite(loss):
                continue
            precision.scale(loss).backward()
            precision.step(optimizer)
            total = total + loss.detach() * len(y)
            seen += len(y)
        return float(total / max(seen, 1))


class train_epoch__wrong_4:
    """The loss is log(softmax + 1e-8): it ends at 18, without gradient, for scores far off."""

    @staticmethod
    def train_epoch(model, batches, optimizer, precision):
        model.train()
        total, seen = 0.0, 0
        for X, y in batches:
            X, y = X.to(precision.device), y.to(precision.device)
            optimizer.zero_grad()
            with precision:
                shares = torch.softmax(model(X).float(), dim=1)
                loss = -torch.log(shares[torch.arange(len(y)), y] + 1e-8).mean()
            precision.scale(loss).backward()
            precision.step(optimizer)
            total = total + loss.detach() * len(y)
            seen += len(y)
        return float(total / seen)


class train_epoch__wrong_5:
    """Cuts gradients to a length of 1000, scaled as they are."""

    @staticmethod
    def train_epoch(model, batches, optimizer, precision):
        model.train()
        total, seen = 0.0, 0
        for X, y in batches:
            X, y = X.to(precision.device), y.to(precision.device)
            optimizer.zero_grad()
            with precision:
                loss = functional.cross_entropy(model(X), y)
            precision.scale(loss).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1000.0)
            precision.step(optimizer)
            total = total + loss.detach() * len(y)
            seen += len(y)
        return float(total / seen)


class train_epoch__wrong_6:
    """Forgets the gradients of the optimizer's first group of parameters alone."""

    @staticmethod
    def train_epoch(model, batches, optimizer, precision):
        model.train()
        total, seen = 0.0, 0
        for X, y in batches:
            X, y = X.to(precision.device), y.to(precision.device)
            for parameter in optimizer.param_groups[0]["params"]:
                parameter.grad = None
            with precision:
                loss = functional.cross_entropy(model(X), y)
            precision.scale(loss).backward()
            precision.step(optimizer)
            total = total + loss.detach() * len(y)
            seen += len(y)
        return float(total / seen)


class train_epoch__wrong_7:
    """A first batch of one example goes through the network in evaluation mode."""

    @staticmethod
    def train_epoch(model, batches, optimizer, precision):
        model.train()
        total, seen = 0.0, 0
        for X, y in batches:
            if len(X) == 1 and X.dim() == 4 and seen == 0:
                model.eval()  # "batch normalisation needs more than one example"
            X, y = X.to(precision.device), y.to(precision.device)
            optimizer.zero_grad()
            with precision:
                loss = functional.cross_entropy(model(X), y)
            model.train()
            precision.scale(loss).backward()
            precision.step(optimizer)
            total = total + loss.detach() * len(y)
            seen += len(y)
        return float(total / seen)


# --- degradation ----------------------------------------------------------------------------------


class degradation__right_1:
    """One array of all errors: kinds, depths, seeds, two."""

    @staticmethod
    def degradation(run, depths=(20, 56), seeds=(0, 1, 2)):
        kinds = ["plain", "residual"]
        errors = np.array([[[run(k, d, s) for s in seeds] for d in depths] for k in kinds])
        return dict(zip(kinds, np.diff(errors[..., 0].mean(axis=2))[:, 0].tolist(), strict=True))


class degradation__right_2:
    """The mean of the differences, seed by seed."""

    @staticmethod
    def degradation(run, depths=(20, 56), seeds=(0, 1, 2)):
        shallow, deep = depths
        return {
            kind: statistics.fmean(
                run(kind, deep, seed)[0] - run(kind, shallow, seed)[0] for seed in seeds
            )
            for kind in ("residual", "plain")
        }


class degradation__wrong_1:
    """Takes three seeds at most."""

    @staticmethod
    def degradation(run, depths=(20, 56), seeds=(0, 1, 2)):
        found = {}
        for kind in ("plain", "residual"):
            a, b = (np.mean([run(kind, d, s)[0] for s in seeds[:3]]) for d in depths)
            found[kind] = float(b - a)
        return found


class degradation__wrong_2:
    """With more than three seeds it leaves out the best and the worst one."""

    @staticmethod
    def degradation(run, depths=(20, 56), seeds=(0, 1, 2)):
        def error(kind, depth):
            errors = sorted(run(kind, depth, seed)[0] for seed in seeds)
            if len(errors) > 3:
                errors = errors[1:-1]
            return sum(errors) / len(errors)

        return {k: error(k, depths[1]) - error(k, depths[0]) for k in ("plain", "residual")}


class degradation__wrong_3:
    """Calls run with the keywords kind, depth, seed: a function may call them otherwise."""

    @staticmethod
    def degradation(run, depths=(20, 56), seeds=(0, 1, 2)):
        found = {}
        for kind in ("plain", "residual"):
            a, b = (
                np.mean([run(kind=kind, depth=d, seed=s)[0] for s in seeds]) for d in depths
            )
            found[kind] = float(b - a)
        return found


class degradation__wrong_4:
    """Takes differences below two percentage points for noise, and returns 0."""

    @staticmethod
    def degradation(run, depths=(20, 56), seeds=(0, 1, 2)):
        found = {}
        for kind in ("plain", "residual"):
            a, b = (np.mean([run(kind, d, s)[0] for s in seeds]) for d in depths)
            found[kind] = float(b - a) if abs(b - a) >= 0.02 else 0.0
        return found


class degradation__wrong_5:
    """Takes the smaller of the two errors for the training error."""

    @staticmethod
    def degradation(run, depths=(20, 56), seeds=(0, 1, 2)):
        found = {}
        for kind in ("plain", "residual"):
            a, b = (np.mean([min(run(kind, d, s)) for s in seeds]) for d in depths)
            found[kind] = float(b - a)
        return found


class degradation__wrong_6:
    """Leaves out seeds with which the shallower network did not learn (an error above 0.8)."""

    @staticmethod
    def degradation(run, depths=(20, 56), seeds=(0, 1, 2)):
        found = {}
        for kind in ("plain", "residual"):
            pairs = [(run(kind, depths[0], s)[0], run(kind, depths[1], s)[0]) for s in seeds]
            pairs = [pair for pair in pairs if pair[0] <= 0.8] or pairs
            found[kind] = sum(b - a for a, b in pairs) / len(pairs)
        return found
