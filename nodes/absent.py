"""Core nodes of ComfyUI that inkloom does not have, and why: one table, which a test holds complete."""

from __future__ import annotations

from collections.abc import Mapping

ABSENT: Mapping[str, str] = {
    name: reason
    for reason, names in {
        "Adapters (LoRA, ControlNet, style models, GLIGEN, hypernetworks …) are not built yet.": (
            "LoraLoader LoraLoaderModelOnly LoraModelLoader LoraSave SaveLoRANode ControlNetLoader "
            "DiffControlNetLoader ControlNetApply ControlNetApplyAdvanced ControlNetApplySD3 "
            "SetUnionControlNetType ControlNetInpaintingAliMamaApply CLIPTextEncodeControlnet "
            "StyleModelLoader StyleModelApply GLIGENLoader GLIGENTextBoxApply HypernetworkLoader "
            "PhotoMakerLoader PhotoMakerEncode ModelPatchLoader"
        ),
        "Hooks change weights in the middle of a run: they come with LoRA.": (
            "ConditioningTimestepsRange SetClipHooks CombineHooks2 CombineHooks4 CombineHooks8 "
            "PairConditioningSetProperties PairConditioningSetPropertiesAndCombine "
            "PairConditioningSetDefaultCombine PairConditioningCombine ConditioningSetProperties "
            "ConditioningSetPropertiesAndCombine ConditioningSetDefaultCombine CreateHookLora "
            "CreateHookLoraModelOnly CreateHookModelAsLora CreateHookModelAsLoraModelOnly SetHookKeyframes "
            "CreateHookKeyframe CreateHookKeyframesInterpolated CreateHookKeyframesFromFloats"
        ),
        "Its table of noise levels could not be checked against a source.": "GITSScheduler",
        "Training is not built yet.": (
            "TrainLoraNode LossGraphNode LoadImageSetFromFolderNode LoadImageTextSetFromFolderNode"
        ),
        "The x4 upscaler's network is not built yet: it attends to text alone, its cells have 4 pixels.": (
            "SD_4XUpscale_Conditioning"
        ),
        "Families of models outside of Stable Diffusion 1, 2 and XL.": (
            "CLIPTextEncodePixArtAlpha CLIPTextEncodeSD3 CLIPTextEncodeHunyuanDiT CLIPTextEncodeHiDream "
            "CLIPTextEncodeFlux CLIPTextEncodeLumina2 TextEncodeHunyuanVideo_ImageToVideo "
            "TextEncodeQwenImageEdit TextEncodeQwenImageEditPlus T5TokenizerOptions ReferenceLatent "
            "FluxGuidance FluxDisableGuidance FluxKontextImageScale FluxKontextMultiReferenceLatentMethod "
            "TripleCLIPLoader QuadrupleCLIPLoader QwenImageDiffsynthControlnet USOStyleReference "
            "ModelSamplingStableCascade ModelSamplingSD3 ModelSamplingAuraFlow ModelSamplingFlux "
            "ModelSamplingLTXV ModelMergeSD3_2B ModelMergeAuraflow ModelMergeFlux1 ModelMergeSD35_Large "
            "ModelMergeMochiPreview ModelMergeLTXV ModelMergeCosmos7B ModelMergeCosmos14B ModelMergeWAN2_1 "
            "ModelMergeCosmosPredict2_2B ModelMergeCosmosPredict2_14B ModelMergeQwenImage "
            "SkipLayerGuidanceSD3 SkipLayerGuidanceDiT SkipLayerGuidanceDiTSimple "
            "StableCascade_StageB_Conditioning StableCascade_SuperResolutionControlnet "
            "StableCascade_EmptyLatentImage StableCascade_StageC_VAEEncode LotusConditioning "
            "EmptySD3LatentImage EmptyHunyuanImageLatent EmptyChromaRadianceLatentImage "
            "ChromaRadianceOptions HunyuanRefinerLatent LTXVScheduler OptimalStepsScheduler"
        ),
        "Video: models, latents and files.": (
            "ImageOnlyCheckpointLoader ImageOnlyCheckpointSave VideoLinearCFGGuidance "
            "VideoTriangleCFGGuidance SVD_img2vid_Conditioning HunyuanImageToVideo LTXVImgToVideo "
            "LTXVConditioning LTXVAddGuide LTXVCropGuides LTXVPreprocess WanTrackToVideo WanImageToVideo "
            "WanFunControlToVideo Wan22FunControlToVideo WanFunInpaintToVideo WanFirstLastFrameToVideo "
            "WanVaceToVideo WanCameraImageToVideo WanPhantomSubjectToVideo WanSoundImageToVideo "
            "WanSoundImageToVideoExtend WanHuMoImageToVideo WanAnimateToVideo WanCameraEmbedding "
            "WanContextWindowsManual ContextWindowsManual CosmosImageToVideoLatent "
            "CosmosPredict2ImageToVideoLatent Wan22ImageToVideoLatent EmptyHunyuanLatentVideo "
            "EmptyMochiLatentVideo EmptyCosmosLatentVideo EmptyLTXVLatentVideo TrimVideoLatent "
            "ConditioningSetAreaPercentageVideo UNetTemporalAttentionMultiply SaveWEBM SaveVideo CreateVideo "
            "GetVideoComponents LoadVideo"
        ),
        "Sound.": (
            "SaveAudio SaveAudioMP3 SaveAudioOpus LoadAudio PreviewAudio RecordAudio TrimAudioDuration "
            "SplitAudioChannels AudioConcat AudioMerge AudioAdjustVolume EmptyAudio EmptyLatentAudio "
            "VAEEncodeAudio VAEDecodeAudio EmptyAceStepLatentAudio ConditioningStableAudio "
            "TextEncodeAceStepAudio AudioEncoderLoader AudioEncoderEncode"
        ),
        "Three dimensions.": (
            "Load3D Load3DAnimation Preview3D Preview3DAnimation VoxelToMeshBasic VoxelToMesh SaveGLB "
            "EmptyLatentHunyuan3Dv2 VAEDecodeHunyuan3D StableZero123_Conditioning "
            "StableZero123_Conditioning_Batched SV3D_Conditioning Hunyuan3Dv2Conditioning "
            "Hunyuan3Dv2ConditioningMultiView"
        ),
        "Widgets of the incumbent's own editor, and vector graphics.": "WebcamCapture SaveSVGNode",
    }.items()
    for name in names.split()
}
"""The reason for each core node that is not here."""
