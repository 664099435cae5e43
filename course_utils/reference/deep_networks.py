"""Deep networks: AlexNet, VGG-19, GoogLeNet's module, plain and residual networks, their training.

Images are tensors (B, C, H, W), float32. The networks are those of the papers; `shrink` and `width`
make the same network with fewer channels.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from course_utils.reference import forbids, part_of

# --- AlexNet --------------------------------------------------------------------------------------


@forbids(
    "torchvision", "torch.nn.LocalResponseNorm", "torch.nn.functional.local_response_norm", "numpy"
)
def local_response_norm(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    """Divide every activation by how active its place is in the channels next to its own.

    b_i = a_i / (k + alpha * sum over j of a_j^2)^beta, at every place by itself; the sum runs over
    the n channels from i - (n - 1) / 2 to i + (n - 1) / 2 that exist.

    Parameters
    ----------
    X : (B, C, H, W), floating-point. Not modified.
    n : odd, at least 1; it may be larger than C.
    k, alpha, beta : the paper's constants.

    Returns
    -------
    Of X's shape and dtype, and on its device. Gradients by X can be computed.

    Notes
    -----
    A. Krizhevsky, I. Sutskever, G. Hinton, ImageNet classification with deep convolutional neural
    networks, NIPS 2012, section 3.3. `torch.nn.LocalResponseNorm` divides alpha by n: there the
    paper's alpha is `n * alpha`.
    """
    reach = n // 2
    squares = functional.pad(X**2, (0, 0, 0, 0, reach, reach))
    return X / (k + alpha * squares.unfold(1, n, 1).sum(dim=-1)) ** beta


@forbids("torchvision")
@part_of("alexnet")
def alexnet(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    """Return AlexNet, untrained: five convolution layers and three fully connected ones.

    A `nn.Sequential` of these layers, with these names, in this order:

    - conv1: 96 kernels 11 x 11, stride 4, padding 2; relu1; norm1; pool1
    - conv2: 256 kernels 5 x 5, padding 2, two groups; relu2; norm2; pool2
    - conv3: 384 kernels 3 x 3, padding 1; relu3
    - conv4: 384 kernels 3 x 3, padding 1, two groups; relu4
    - conv5: 256 kernels 3 x 3, padding 1, two groups; relu5; pool5
    - flatten; drop6; fc6: 4096 outputs; relu6; drop7; fc7: 4096 outputs; relu7; fc8: the scores

    All have biases. A pool is a max pool of 3 x 3 places with stride 2. A norm is
    `nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)`, a drop `nn.Dropout(0.5)`.

    Parameters
    ----------
    num_classes : how many scores there are.
    shrink : all numbers of kernels, and 4096, are divided by it: 1, 2, 4, 8 or 16.

    Returns
    -------
    The network, for images (B, 3, 224, 224).

    Notes
    -----
    A. Krizhevsky et al., 2012: 60,965,224 parameters. The paper says that images are 224 x 224; its
    sizes come out with 2 pixels of padding. The two groups were two GPUs, each of which saw half of
    the channels.
    """
    widths = (width // shrink for width in (96, 256, 384, 384, 256, 4096))
    one, two, three, four, five, full = widths

    def norm() -> nn.Module:
        return nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)

    def pool() -> nn.Module:
        return nn.MaxPool2d(3, 2)

    return nn.Sequential(
        OrderedDict[str, nn.Module](
            conv1=nn.Conv2d(3, one, 11, stride=4, padding=2),
            relu1=nn.ReLU(),
            norm1=norm(),
            pool1=pool(),
            conv2=nn.Conv2d(one, two, 5, padding=2, groups=2),
            relu2=nn.ReLU(),
            norm2=norm(),
            pool2=pool(),
            conv3=nn.Conv2d(two, three, 3, padding=1),
            relu3=nn.ReLU(),
            conv4=nn.Conv2d(three, four, 3, padding=1, groups=2),
            relu4=nn.ReLU(),
            conv5=nn.Conv2d(four, five, 3, padding=1, groups=2),
            relu5=nn.ReLU(),
            pool5=pool(),
            flatten=nn.Flatten(),
            drop6=nn.Dropout(0.5),
            fc6=nn.Linear(five * 6 * 6, full),
            relu6=nn.ReLU(),
            drop7=nn.Dropout(0.5),
            fc7=nn.Linear(full, full),
            relu7=nn.ReLU(),
            fc8=nn.Linear(full, num_classes),
        )
    )


@part_of("alexnet")
def layer_table(
    network: nn.Sequential, shape: tuple[int, int, int]
) -> list[tuple[str, tuple[int, ...], int]]:
    """Return what comes out of every layer of a network, and how many parameters it has.

    Nothing need be computed for it: on torch's device "meta" tensors have a shape and no values.

    Parameters
    ----------
    network : a chain of named layers, on any one device, "meta" included. Its parameters are not
        modified.
    shape : (C, H, W) of an image.

    Returns
    -------
    For every layer, from the first to the last: its name, the shape of its output for one image,
    without the axis of examples, and its number of parameters, with those of all layers within it.
    """
    device = next((p.device for p in network.parameters()), torch.device("meta"))
    X, rows = torch.zeros(1, *shape, device=device), []
    with torch.no_grad():
        for name, layer in network.named_children():
            X = layer(X)
            rows.append((name, tuple(X.shape[1:]), sum(p.numel() for p in layer.parameters())))
    return rows


# --- VGG-19 ---------------------------------------------------------------------------------------


@forbids("torchvision")
def vgg19(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    """Return VGG-19, untrained: sixteen convolution layers and three fully connected ones.

    All kernels are 3 x 3, with padding 1. Five stages of 2, 2, 4, 4 and 4 convolution layers have
    64, 128, 256, 512 and 512 kernels. A `nn.Sequential` with these names, in this order, for every
    stage s from 1 and layer l from 1: conv{s}_{l} and relu{s}_{l}, and behind a stage pool{s}, a
    max pool of 2 x 2 places with stride 2; then flatten, fc6 (4096 outputs), relu6, drop6, fc7
    (4096), relu7, drop7, fc8 (the scores). All have biases; a drop is `nn.Dropout(0.5)`.

    Parameters
    ----------
    num_classes : how many scores there are.
    shrink : all numbers of kernels, and 4096, are divided by it: 1, 2, 4, 8, 16, 32 or 64.

    Returns
    -------
    The network, for images (B, 3, 224, 224).

    Notes
    -----
    K. Simonyan, A. Zisserman, Very deep convolutional networks for large-scale image recognition,
    2014, configuration E: 143,667,240 parameters.
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    inputs, full = 3, 4096 // shrink
    stages = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))
    for stage, (kernels, count) in enumerate(stages, 1):
        for number in range(1, count + 1):
            outputs = kernels // shrink
            layers[f"conv{stage}_{number}"] = nn.Conv2d(inputs, outputs, 3, padding=1)
            layers[f"relu{stage}_{number}"] = nn.ReLU()
            inputs = outputs
        layers[f"pool{stage}"] = nn.MaxPool2d(2)
    layers["flatten"] = nn.Flatten()
    for number, size in ((6, inputs * 7 * 7), (7, full)):
        layers[f"fc{number}"] = nn.Linear(size, full)
        layers[f"relu{number}"] = nn.ReLU()
        layers[f"drop{number}"] = nn.Dropout(0.5)
    layers["fc8"] = nn.Linear(full, num_classes)
    return nn.Sequential(layers)


# --- GoogLeNet ------------------------------------------------------------------------------------


@forbids("torchvision")
@part_of("inception_block")
class InceptionBlock(nn.Module):
    """Four ways side by side: kernels of 1 x 1, 3 x 3, 5 x 5, and a max pool, one behind the other.

    Each way ends with as many channels as are asked for, and the outputs are all of them, in this
    order: those of 1 x 1, 3 x 3, 5 x 5, and of the pool. Before the larger kernels, and behind the
    pool, 1 x 1 kernels reduce the number of channels. Behind every convolution stands a ReLU. Rows
    and columns stay as many as they are.

    Parameters
    ----------
    inputs : channels that come in.
    ones : channels of the 1 x 1 way.
    reduce3, threes : channels in front of the 3 x 3 kernels, and behind them.
    reduce5, fives : channels in front of the 5 x 5 kernels, and behind them.
    project : channels of the 1 x 1 kernels behind the pool, which is 3 x 3 with stride 1.

    Attributes
    ----------
    one, reduce3, three, reduce5, five, project : the convolution layers, all with biases. The
        names of its parameters are theirs: one.weight, one.bias, ...

    Notes
    -----
    C. Szegedy et al., Going deeper with convolutions, 2014, figure 2 (b).
    """

    def __init__(
        self,
        inputs: int,
        ones: int,
        reduce3: int,
        threes: int,
        reduce5: int,
        fives: int,
        project: int,
    ) -> None:
        super().__init__()
        self.one = nn.Conv2d(inputs, ones, 1)
        self.reduce3 = nn.Conv2d(inputs, reduce3, 1)
        self.three = nn.Conv2d(reduce3, threes, 3, padding=1)
        self.reduce5 = nn.Conv2d(inputs, reduce5, 1)
        self.five = nn.Conv2d(reduce5, fives, 5, padding=2)
        self.project = nn.Conv2d(inputs, project, 1)

    def forward(self, X: Tensor) -> Tensor:
        """Return (B, ones + threes + fives + project, H, W) of X, (B, inputs, H, W)."""
        pooled = functional.max_pool2d(X, 3, stride=1, padding=1)
        ways = (
            self.one(X),
            self.three(functional.relu(self.reduce3(X))),
            self.five(functional.relu(self.reduce5(X))),
            self.project(pooled),
        )
        return functional.relu(torch.cat(ways, dim=1))


def googlenet(block: Callable[..., nn.Module], num_classes: int = 1000) -> nn.Sequential:
    """Return GoogLeNet, untrained, 22 layers deep, of inception blocks that `block` makes.

    Without the two further classifiers that helped to train it.

    Parameters
    ----------
    block : takes the numbers of channels that `InceptionBlock` takes.
    num_classes : how many scores there are.

    Returns
    -------
    The network, for images (B, 3, 224, 224).

    Notes
    -----
    C. Szegedy et al., 2014, table 1.
    """

    def pool() -> nn.Module:
        return nn.MaxPool2d(3, 2, ceil_mode=True)

    def norm() -> nn.Module:
        return nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)

    layers: OrderedDict[str, nn.Module] = OrderedDict(
        conv1=nn.Conv2d(3, 64, 7, stride=2, padding=3),
        relu1=nn.ReLU(),
        pool1=pool(),
        norm1=norm(),
        reduce2=nn.Conv2d(64, 64, 1),
        relu_reduce2=nn.ReLU(),
        conv2=nn.Conv2d(64, 192, 3, padding=1),
        relu2=nn.ReLU(),
        norm2=norm(),
        pool2=pool(),
        inception3a=block(192, 64, 96, 128, 16, 32, 32),
        inception3b=block(256, 128, 128, 192, 32, 96, 64),
        pool3=pool(),
        inception4a=block(480, 192, 96, 208, 16, 48, 64),
        inception4b=block(512, 160, 112, 224, 24, 64, 64),
        inception4c=block(512, 128, 128, 256, 24, 64, 64),
        inception4d=block(512, 112, 144, 288, 32, 64, 64),
        inception4e=block(528, 256, 160, 320, 32, 128, 128),
        pool4=pool(),
        inception5a=block(832, 256, 160, 320, 32, 128, 128),
        inception5b=block(832, 384, 192, 384, 48, 128, 128),
        average=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        drop=nn.Dropout(0.4),
        fc=nn.Linear(1024, num_classes),
    )
    return nn.Sequential(layers)


# --- Plain and residual networks ------------------------------------------------------------------


@forbids("torchvision")
@part_of("residual_blocks")
class PlainBlock(nn.Module):
    """Two convolution layers of 3 x 3 kernels, each with batch normalisation, and ReLUs.

    Y = ReLU(bn2(conv2(ReLU(bn1(conv1(X)))))).

    Parameters
    ----------
    inputs : channels that come in.
    outputs : channels that come out; both layers have so many kernels.
    stride : of the first layer; the second has 1.

    Attributes
    ----------
    conv1, bn1, conv2, bn2 : the layers. Convolutions have padding 1 and no bias; the
        normalisations are `nn.BatchNorm2d` as torch makes it.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)

    def _branch(self, X: Tensor) -> Tensor:
        """Return what both layers make of X, before the last ReLU."""
        return self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(X)))))

    def forward(self, X: Tensor) -> Tensor:
        """Return (B, outputs, H_out, W_out) of X, (B, inputs, H, W)."""
        return functional.relu(self._branch(X))


@forbids("torchvision")
@part_of("residual_blocks")
class ResidualBlock(PlainBlock):
    """A `PlainBlock` with a shortcut: what it computes is added to what comes in.

    Y = ReLU(F(X) + S(X)), with F(X) = bn2(conv2(ReLU(bn1(conv1(X))))). The shortcut S has no
    parameters where inputs and outputs are as many and the stride is 1: S(X) = X. Elsewhere

    - option "A": every stride-th row and column of X, and channels of zeros behind its own (or, if
      outputs are fewer, the first ones alone); without parameters;
    - option "B": `projection`, a 1 x 1 convolution with the stride, without bias, and a batch
      normalisation behind it.

    Parameters
    ----------
    inputs, outputs, stride : as for `PlainBlock`.
    shortcut : "A" or "B".

    Attributes
    ----------
    conv1, bn1, conv2, bn2 : as in a `PlainBlock`, with the same names.
    projection : with option "B", where it is needed: a `nn.Sequential` of the convolution and the
        normalisation, so that its parameters are projection.0.weight, projection.1.weight, ...

    Raises
    ------
    ValueError
        If shortcut is neither of the two.

    Notes
    -----
    K. He, X. Zhang, S. Ren, J. Sun, Deep residual learning for image recognition, 2015: figure 2,
    section 3.3, section 4.2.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1, shortcut: str = "A") -> None:
        super().__init__(inputs, outputs, stride)
        if shortcut not in ("A", "B"):
            raise ValueError(f'shortcut must be "A" or "B", got {shortcut!r}')
        self.stride, self.more = stride, outputs - inputs
        if shortcut == "B" and (stride != 1 or self.more):
            self.projection = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, X: Tensor) -> Tensor:
        """Return (B, outputs, H_out, W_out) of X, (B, inputs, H, W)."""
        if hasattr(self, "projection"):
            return functional.relu(self._branch(X) + self.projection(X))
        seen = X[:, :, :: self.stride, :: self.stride]
        # A negative padding cuts off.
        return functional.relu(self._branch(X) + functional.pad(seen, (0, 0, 0, 0, 0, self.more)))


@forbids("torchvision")
@part_of("cifar_resnet")
class CifarResNet(nn.Module):
    """A network of 6 n + 2 layers for small images: a convolution, 3 n blocks, a linear layer.

    conv, bn, ReLU; three stages of n blocks each, with width, 2 width and 4 width channels, of
    which the first block of the second and of the third stage has stride 2; the mean over all
    places; fc.

    Parameters
    ----------
    n : blocks in a stage, at least 1: 3 for 20 layers, 9 for 56.
    block : makes a block; called as block(inputs, outputs, stride), by position. `PlainBlock`,
        `ResidualBlock`, or another function.
    num_classes : how many scores there are.
    width : channels of the first stage.

    Attributes
    ----------
    conv, bn : a 3 x 3 convolution of 3 channels, with padding 1 and without bias, and its batch
        normalisation.
    stage1, stage2, stage3 : each a `nn.Sequential` of n blocks.
    fc : `nn.Linear`, the scores.

    Notes
    -----
    K. He et al., 2015, section 4.2. With shortcuts "A", or none, the networks of 20, 32, 44, 56 and
    110 layers have 0.27, 0.46, 0.66, 0.85 and 1.7 million parameters (table 6).
    """

    def __init__(
        self,
        n: int,
        block: Callable[[int, int, int], nn.Module],
        num_classes: int = 10,
        width: int = 16,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(width)

        def stage(inputs: int, outputs: int, stride: int) -> nn.Sequential:
            behind = (block(outputs, outputs, 1) for _ in range(n - 1))
            return nn.Sequential(block(inputs, outputs, stride), *behind)

        self.stage1 = stage(width, width, 1)
        self.stage2 = stage(width, 2 * width, 2)
        self.stage3 = stage(2 * width, 4 * width, 2)
        self.fc = nn.Linear(4 * width, num_classes)

    def forward(self, X: Tensor) -> Tensor:
        """Return the scores, (B, num_classes), of images (B, 3, H, W)."""
        X = functional.relu(self.bn(self.conv(X)))
        X = self.stage3(self.stage2(self.stage1(X)))
        return self.fc(X.mean(dim=(2, 3)))


# --- Training -------------------------------------------------------------------------------------


def train_epoch(
    model: nn.Module,
    batches: Iterable[tuple[Tensor, Tensor]],
    optimizer: torch.optim.Optimizer,
    precision: Any,
) -> float:
    """Train a network on all minibatches of an epoch, and return the mean loss.

    For every batch, with the network in training mode: scores and their mean softmax cross-entropy
    loss within `precision`, which is entered anew; then the gradients of this batch alone, and one
    step of the optimizer.

    Parameters
    ----------
    model : maps images to scores (B, classes); on `precision.device`. Left in training mode.
    batches : yields images, (B, C, H, W) float32, and labels, (B,) int64; perhaps on another
        device, from which they are moved: `.to(precision.device)`. At least one; the last one may
        be smaller.
    optimizer : has the model's parameters.
    precision : a context manager for the forward pass and the loss, with the attribute `device` and
        two methods: `scale(loss)` returns what `backward` is to be called on, and
        `step(optimizer)` is called in place of `optimizer.step()`.

    Returns
    -------
    The mean loss of all examples of the epoch: a small last batch counts less. Each example's loss
    is the one before the step of its batch.

    Notes
    -----
    A number that is fetched from a GPU makes Python wait until it has been computed. Here that
    happens once an epoch.
    """
    model.train()
    total, count = torch.zeros((), device=precision.device), 0
    for images, labels in batches:
        images, labels = images.to(precision.device), labels.to(precision.device)
        with precision:
            loss = functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        precision.scale(loss).backward()
        precision.step(optimizer)
        total += loss.detach() * len(labels)
        count += len(labels)
    return total.item() / count


def degradation(
    run: Callable[[str, int, int], tuple[float, float]],
    depths: tuple[int, int] = (20, 56),
    seeds: Sequence[int] = (0, 1, 2),
) -> dict[str, float]:
    """Measure how much worse deeper networks are: at what they were trained on.

    A deeper network could do what a shallower one does: further layers would only have to pass on
    what they get. If its *training* error is larger, training has failed to find that. A larger
    test error alone could as well be overfitting.

    Parameters
    ----------
    run : trains a network; called as run(kind, depth, seed), by position, with the kind "plain" or
        "residual". It returns the training error and the test error, shares from 0 to 1. It takes
        long: it is called once for each kind, depth and seed, and no more.
    depths : of the shallower and of the deeper network.
    seeds : at least one; the same for all.

    Returns
    -------
    For "plain" and for "residual": the mean training error of the deeper network less that of the
    shallower one. Above 0 if deeper is worse.
    """

    def error(kind: str, depth: int) -> float:
        return sum(run(kind, depth, seed)[0] for seed in seeds) / len(seeds)

    shallow, deep = depths
    return {kind: error(kind, deep) - error(kind, shallow) for kind in ("plain", "residual")}
