"""The lessons in teaching order: the one list behind navigation, home page and tests."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["HOME", "LESSONS", "SECTIONS", "Lesson"]

SECTIONS = (
    "Start",
    "Convolution",
    "Building blocks",
    "Networks",
    "Seeing what a CNN sees",
    "Training",
)


@dataclass(frozen=True)
class Lesson:
    """One page of the lab.

    Parameters
    ----------
    title, section : str
        Its name and the section of the navigation that it stands in.
    icon : str
        A Material icon, as Streamlit writes it.
    file : str
        The script in ``pages/``; its name without ``.py``, with hyphens, is the address.
    minutes : int
        How long a first visit takes.
    teaches : str
        What one knows afterwards, in a sentence.
    tries : tuple of (str, dict)
        What can be tried at once: a label and the link's parameters.
    """

    title: str
    section: str
    icon: str
    file: str
    minutes: int
    teaches: str
    tries: tuple[tuple[str, dict[str, str]], ...] = field(default=())

    @property
    def url_path(self) -> str:
        """The address of the page below the app's own."""
        return self.file.removesuffix(".py").replace("_", "-")


HOME = Lesson("Home", "Start", ":material/map:", "home.py", 1, "What there is and where to begin.")

LESSONS = (
    Lesson(
        "Images as tensors",
        "Start",
        ":material/apps:",
        "images_as_tensors.py",
        15,
        "What a network gets instead of a picture: numbers, their order, and why neighbours count.",
        (
            ("Read the numbers of a cat's eye", {"images_as_tensors_across": "12"}),
            (
                "A whole picture of 32 × 32 pixels",
                {"images_as_tensors_side": "32", "images_as_tensors_sample": "astronaut"},
            ),
            ("Shuffle blocks of 8 × 8", {"images_as_tensors_block": "8"}),
        ),
    ),
    Lesson(
        "Convolution",
        "Convolution",
        ":material/grid_on:",
        "convolution.py",
        15,
        "How a small kernel slides over a picture, multiplies, adds, and so makes a feature map.",
        (
            ("Nine steps on a 5 × 5 picture", {"input": "binary"}),
            ("Find the edges of a cat", {"input": "photo.cat", "kernel": "sobel-x"}),
            (
                "Three channels, two filters",
                {
                    "input": "volume",
                    "kernel": "volume",
                    "bias": "1_0",
                    "stride": "2",
                    "padding": "1",
                },
            ),
        ),
    ),
    Lesson(
        "Output size and cost",
        "Convolution",
        ":material/calculate:",
        "output_size.py",
        10,
        "How large the output of a layer is, how many weights it has, how much work it is.",
        (
            ("AlexNet's first layer", {}),
            (
                "A layer that does not fit",
                {"output_size_width": "224", "output_size_height": "224"},
            ),
        ),
    ),
    Lesson(
        "Receptive field",
        "Convolution",
        ":material/filter_center_focus:",
        "receptive_field.py",
        15,
        "Which part of the picture one cell of a deep layer sees, and which pixels count there.",
        (
            ("Watch it grow in VGG-16", {"receptive_field_stack": "vgg16"}),
            (
                "VGG-16 against ResNet-50 at conv4",
                {
                    "receptive_field_stack": "vgg16",
                    "receptive_field_layer": "conv4_3",
                    "receptive_field_other": "ResNet-50",
                    "receptive_field_other_layer": "conv4_6c",
                },
            ),
            ("Far with dilation", {"receptive_field_stack": "dilated"}),
        ),
    ),
    Lesson(
        "Filters",
        "Building blocks",
        ":material/blur_on:",
        "filters.py",
        15,
        "What kernels made by hand do to a photograph, and what a network learned instead.",
        (
            ("Edges of a cat", {}),
            (
                "A blur in two passes",
                {"filters_filter": "Gaussian blur", "filters_size": "7"},
            ),
            (
                "Your own kernel",
                {"filters_filter": "own kernel", "filters_sample": "coins"},
            ),
            (
                "Gabor filters on bricks",
                {"filters_filter": "Gabor", "filters_sample": "brick"},
            ),
        ),
    ),
    Lesson(
        "Pooling",
        "Building blocks",
        ":material/compress:",
        "pooling.py",
        15,
        "How windows make feature maps smaller, where the gradient goes, and what a shift changes.",
        (
            ("Max pooling, window by window", {}),
            (
                "Overlapping windows, as in AlexNet",
                {"pooling_input": "robust", "pooling_kernel": "3"},
            ),
            (
                "Global average pooling",
                {
                    "pooling_kind": "average",
                    "pooling_windows": "global",
                    "pooling_input": "maps",
                },
            ),
        ),
    ),
    Lesson(
        "Activations",
        "Building blocks",
        ":material/show_chart:",
        "activations.py",
        20,
        "What ReLU, sigmoid, softmax and others do to a number, and what is left of the gradient.",
        (
            ("Sigmoid beside ReLU", {}),
            (
                "ReLU with He's weights, 30 layers",
                {
                    "activations_chain": "ReLU",
                    "activations_weights": "He",
                    "activations_depth": "30",
                },
            ),
            ("Softmax that would overflow", {"activations_shift": "1000"}),
        ),
    ),
    Lesson(
        "Normalisation",
        "Building blocks",
        ":material/equalizer:",
        "normalisation.py",
        20,
        "Why data and activations are brought to mean 0 and deviation 1, and which numbers share a "
        "mean in batch, layer, instance and group normalisation.",
        (
            ("A narrow valley made round", {}),
            ("Features of very different scale", {"normalisation_ratio": "100"}),
            ("A brighter picture in the batch", {"normalisation_brighter": "20"}),
        ),
    ),
    Lesson(
        "Dropout and stochastic depth",
        "Building blocks",
        ":material/blur_off:",
        "dropout.py",
        15,
        "Why units or whole blocks are left out in training, and how the expected value is kept.",
        (
            ("Half of the units go dark", {}),
            (
                "Classic dropout at test time",
                {
                    "dropout_scaling": "classic",
                    "dropout_phase": "test time",
                },
            ),
            (
                "A hundred blocks, the last one rarely",
                {
                    "dropout_blocks": "100",
                    "dropout_last": "0.2",
                },
            ),
        ),
    ),
    Lesson(
        "Data augmentation",
        "Building blocks",
        ":material/auto_awesome_motion:",
        "augmentation.py",
        15,
        "How chance makes a new version of a picture for every epoch, which changes keep its "
        "label, and how a network's answer moves.",
        (
            ("A cat, cropped and flipped", {}),
            (
                "A bent grid",
                {
                    "augmentation_sample": "page",
                    "augmentation_crop": "false",
                    "augmentation_flip": "false",
                    "augmentation_elastic": "true",
                },
            ),
            ("Two pictures mixed", {"augmentation_mix_up": "true"}),
        ),
    ),
    Lesson(
        "Architectures",
        "Networks",
        ":material/account_tree:",
        "architectures.py",
        20,
        "Which networks made history, what was new in each, and where their parameters and "
        "operations sit.",
        (
            ("LeNet-5, layer by layer", {}),
            (
                "VGG-16 against ResNet-50",
                {"architectures_network": "vgg16", "architectures_other": "resnet50"},
            ),
            ("The Inception module", {"architectures_network": "googlenet"}),
        ),
    ),
    Lesson(
        "Design a network",
        "Networks",
        ":material/layers:",
        "design.py",
        20,
        "How layers make a network: what each one makes and costs, and where a network breaks.",
        (
            ("LeNet-5, layer by layer", {}),
            (
                "A network that breaks",
                {
                    "design_network": "1x28x28_c6k5_tanh_a2_c16k5_tanh_a2_c120k5_tanh_flat_"
                    "fc84_tanh_fc10"
                },
            ),
            (
                "A residual block",
                {
                    "design_network": "3x32x32_c16k3p1nb_bn_relu_res_c32k3s2p1nb_bn_relu_"
                    "c32k3p1nb_bn_skip_c32k1s2nb_bn_add_relu_gap_flat_fc10"
                },
            ),
        ),
    ),
    Lesson(
        "Every layer of a network",
        "Networks",
        ":material/table_rows:",
        "model_layers.py",
        10,
        "Where the parameters and the work of AlexNet, VGG, ResNet and all the others sit.",
        (
            ("ResNet-50", {"model_layers_network": "resnet50"}),
            (
                "VGG-16, by parameters",
                {"model_layers_network": "vgg16", "model_layers_order": "by parameters"},
            ),
        ),
    ),
    Lesson(
        "Networks to choose from",
        "Networks",
        ":material/table_chart:",
        "catalogue.py",
        10,
        "Which pretrained networks there are, what each gives and costs, and what it can teach.",
        (
            ("ResNet-50 beside EfficientNet-B0", {}),
            ("Small files only", {"catalogue_largest": "10 MB", "catalogue_order": "file size"}),
            ("Who teaches attention?", {"catalogue_topic": "attention"}),
        ),
    ),
    Lesson(
        "Classify a photograph",
        "Networks",
        ":material/image_search:",
        "classify.py",
        20,
        "What a network trained on a million pictures says of yours, how sure it is, and what it "
        "really sees.",
        (
            ("A cat", {}),
            (
                "What is cut away of a rocket",
                {
                    "classify_sample": "rocket",
                    "classify_part": "Preprocessing",
                },
            ),
            (
                "A cup of coffee in ten crops",
                {
                    "classify_sample": "coffee",
                    "classify_part": "Flips and crops",
                    "classify_crops": "Ten crops",
                },
            ),
            ("All samples under one network", {"classify_mode": "Pictures"}),
        ),
    ),
    Lesson(
        "Move the picture",
        "Networks",
        ":material/open_with:",
        "move_the_picture.py",
        15,
        "How a network's answer and its features follow a picture that is shifted, scaled or "
        "turned, and what a stride has to do with it.",
        (
            ("A cat upside down", {"move_the_picture_angle": "180"}),
            (
                "Turn a 6 into a 9",
                {
                    "move_the_picture_network": "lenet_digits",
                    "move_the_picture_digit": "digit-6-2",
                    "move_the_picture_fill": "black",
                    "move_the_picture_angle": "180",
                },
            ),
            (
                "A 7, one pixel to the left",
                {
                    "move_the_picture_network": "lenet_digits",
                    "move_the_picture_curve": "shift right",
                    "move_the_picture_right": "-1",
                },
            ),
        ),
    ),
    Lesson(
        "Draw a digit",
        "Networks",
        ":material/draw:",
        "draw_a_digit.py",
        15,
        "How a small network turns your drawing into a digit: every number of every layer, live.",
        (
            ("Draw, and see all layers", {}),
            ("How one cell of conv2 was made", {"draw_a_digit_cell": "conv2.17.3.4"}),
            ("Not centred: can it still read?", {"draw_a_digit_centre": "no"}),
        ),
    ),
    Lesson(
        "Walk through a network",
        "Networks",
        ":material/route:",
        "layer_walk.py",
        20,
        "What every layer of a network makes of a photograph: its maps, its filters, its numbers.",
        (
            ("From the picture to the answer", {}),
            (
                "ResNet-18, layer2.0.conv1, channel 17",
                {
                    "layer_walk_network": "resnet18",
                    "layer_walk_layer": "layer2.0.conv1",
                    "layer_walk_channel": "17",
                },
            ),
            (
                "The tokens of a vision transformer",
                {
                    "layer_walk_network": "vit_b_32",
                    "layer_walk_layer": "encoder.layers.encoder_layer_0",
                },
            ),
        ),
    ),
    Lesson(
        "One neuron",
        "Networks",
        ":material/biotech:",
        "neuron.py",
        20,
        "How a single number of a network is made: inputs, weights, sum, normalisation, "
        "activation, and where each input came from, from the class score back to a pixel.",
        (
            ("Walk from the class score to a pixel", {"neuron_layer": "start"}),
            (
                "ResNet-18, layer2.0.conv1, channel 17, cell (9, 12), on the cat",
                {
                    "neuron_network": "resnet18",
                    "neuron_layer": "layer2.0.conv1",
                    "neuron_channel": "17",
                    "neuron_cell": "9_12",
                    "neuron_sample": "cat",
                },
            ),
        ),
    ),
    Lesson(
        "From edges to objects",
        "Seeing what a CNN sees",
        ":material/stacks:",
        "hierarchy.py",
        20,
        "What each layer looks for, from edges over textures and parts to objects, and what it "
        "still knows of the picture.",
        (
            ("The cat, layer by layer", {}),
            ("Before training", {"hierarchy_trained": "false"}),
            ("An astronaut", {"hierarchy_sample": "astronaut"}),
        ),
    ),
    Lesson(
        "Images that excite",
        "Seeing what a CNN sees",
        ":material/auto_awesome:",
        "images_that_excite.py",
        20,
        "How a picture is made out of noise that excites a class or a channel, and what L2, blur, "
        "jitter and other regularisers do to it.",
        (
            ("The picture of a perfect 3", {"images_that_excite_network": "lenet_digits"}),
            (
                "The same 3 with nothing to hold it back",
                {
                    "images_that_excite_network": "lenet_digits",
                    "images_that_excite_decay": "0.0",
                    "images_that_excite_variation": "0.0",
                    "images_that_excite_blur": "0.0",
                    "images_that_excite_jitter": "0",
                    "images_that_excite_fourier": "false",
                },
            ),
        ),
    ),
    Lesson(
        "Grad-CAM",
        "Seeing what a CNN sees",
        ":material/visibility:",
        "grad_cam.py",
        25,
        "Which part of a picture speaks for a class, step by step: feature maps, gradients, "
        "weights, the sum, the ReLU; which layer to take, and what an empty map means.",
        (
            ("Why is this a cat?", {}),
            (
                "A cat and a cup: one picture, two maps",
                {
                    "grad_cam_below": "coffee",
                    "grad_cam_class": "Egyptian cat",
                    "grad_cam_second": "espresso",
                },
            ),
            ("What makes a tripod?", {"grad_cam_sample": "camera"}),
        ),
    ),
    Lesson(
        "Compare explanations",
        "Seeing what a CNN sees",
        ":material/compare:",
        "explanations.py",
        20,
        "Saliency, guided backpropagation, integrated gradients and others on one picture.",
        (
            ("Four methods on the cat", {}),
            (
                "A digit, without any download",
                {"explanations_network": "lenet_digits"},
            ),
        ),
    ),
    Lesson(
        "Occlusion",
        "Seeing what a CNN sees",
        ":material/select:",
        "occlusion.py",
        20,
        "Hide a part of the picture and see what the network then says; which parts it knows.",
        (
            ("A window over the cat", {}),
            (
                "A digit, pixel by pixel",
                {
                    "occlusion_network": "lenet_digits",
                    "occlusion_digit_window": "4",
                    "occlusion_digit_stride": "1",
                },
            ),
        ),
    ),
    Lesson(
        "Where is it?",
        "Seeing what a CNN sees",
        ":material/center_focus_strong:",
        "where_is_it.py",
        15,
        "How a network that never saw a box can point at an object, and how such a box is judged.",
        (
            ("Find the cup by its saliency", {}),
            (
                "A tripod, localised by Grad-CAM",
                {
                    "where_is_it_sample": "camera",
                    "where_is_it_method": "Grad-CAM",
                    "where_is_it_at": "0.86",
                },
            ),
            ("The strokes of a digit", {"where_is_it_network": "lenet_digits"}),
        ),
    ),
    Lesson(
        "Fooling a CNN",
        "Seeing what a CNN sees",
        ":material/theater_comedy:",
        "fooling.py",
        25,
        "How a change that nobody can see turns a cat into a toaster: FGSM, PGD, patches, and "
        "which defences help.",
        (
            (
                "The cat becomes a toaster",
                {
                    "fooling_method": "PGD",
                    "fooling_goal": "A chosen class",
                    "fooling_epsilon": "2",
                },
            ),
            (
                "Noise that is surely a goldfish",
                {"fooling_part": "From noise", "fooling_noise_class": "goldfish"},
            ),
            (
                "A digit, without any download",
                {"fooling_network": "lenet_digits", "fooling_method": "PGD"},
            ),
        ),
    ),
    Lesson(
        "Texture or shape?",
        "Seeing what a CNN sees",
        ":material/texture:",
        "texture_or_shape.py",
        15,
        "Whether a network follows the outline of an object or its surface, on pictures in which "
        "the two disagree.",
        (
            ("A cat with the detail of a coffee cup", {}),
            (
                "A rocket covered with coffee",
                {
                    "texture_or_shape_sample": "rocket",
                    "texture_or_shape_way": "Texture inside the shape",
                },
            ),
            (
                "A digit with the strokes of another",
                {"texture_or_shape_network": "lenet_digits"},
            ),
        ),
    ),
)
