# SPDX-License-Identifier: Apache-2.0
"""Write state-dicts/*.json.gz ({key: [dtype, shape]}) by building models on the meta device.

usage: python gen_state_dicts.py OUT_DIR        (needs torch, diffusers, transformers; no network, no weights)
"""
import gzip, json, os, sys
import torch
import ldmnames as L
from diffusers import (UNet2DConditionModel, AutoencoderKL, ControlNetModel, SD3Transformer2DModel,
                       FluxTransformer2DModel, AutoencoderTiny, T2IAdapter)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

DN = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64", torch.int32: "I32"}
CA, D, U, CU = "CrossAttnDownBlock2D", "DownBlock2D", "UpBlock2D", "CrossAttnUpBlock2D"
UNETS = {
    "sd15": dict(block_out_channels=(320, 640, 1280, 1280), down_block_types=(CA, CA, CA, D), up_block_types=(U, CU, CU, CU),
                 cross_attention_dim=768, attention_head_dim=8, sample_size=64),
    "sd21": dict(block_out_channels=(320, 640, 1280, 1280), down_block_types=(CA, CA, CA, D), up_block_types=(U, CU, CU, CU),
                 cross_attention_dim=1024, attention_head_dim=(5, 10, 20, 20), use_linear_projection=True, sample_size=96),
    "sdxl": dict(block_out_channels=(320, 640, 1280), down_block_types=(D, CA, CA), up_block_types=(CU, CU, U),
                 cross_attention_dim=2048, attention_head_dim=(5, 10, 20), use_linear_projection=True,
                 transformer_layers_per_block=(1, 2, 10), addition_embed_type="text_time", addition_time_embed_dim=256,
                 projection_class_embeddings_input_dim=2816, sample_size=128),
    "sdxl-refiner": dict(block_out_channels=(384, 768, 1536, 1536), down_block_types=(D, CA, CA, D), up_block_types=(U, CU, CU, U),
                         cross_attention_dim=1280, attention_head_dim=(6, 12, 24, 24), use_linear_projection=True,
                         transformer_layers_per_block=4, addition_embed_type="text_time", addition_time_embed_dim=256,
                         projection_class_embeddings_input_dim=2560, sample_size=128),
}
VAE8 = dict(block_out_channels=(128, 256, 512, 512), down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4, layers_per_block=2, latent_channels=4, sample_size=512)


def clip_cfg(h, i, l, heads, act, proj):
    return CLIPTextConfig(hidden_size=h, intermediate_size=i, num_hidden_layers=l, num_attention_heads=heads,
                          hidden_act=act, projection_dim=proj, max_position_embeddings=77, vocab_size=49408)


def meta(cls, *a, **k):
    with torch.device("meta"):
        return cls(*a, **k).state_dict()


def main(out):
    os.makedirs(out, exist_ok=True)

    def save(name, sd, dtype="F32"):
        d = {}
        for k in sorted(sd):
            t = sd[k]
            d[k] = [dtype if t.is_floating_point() else DN[t.dtype], list(t.shape)]
        with gzip.GzipFile(os.path.join(out, name + ".json.gz"), "wb", mtime=0) as f:
            f.write(json.dumps(d, separators=(",", ":")).encode())
        print(f"{name:40s} {len(d):5d} tensors", sum(t.numel() for t in sd.values()))

    un = {k: meta(UNet2DConditionModel, **c) for k, c in UNETS.items()}
    vae8 = meta(AutoencoderKL, **VAE8)
    clipl = meta(CLIPTextModel, clip_cfg(768, 3072, 12, 12, "quick_gelu", 768))
    cliph = meta(CLIPTextModel, clip_cfg(1024, 4096, 24, 16, "gelu", 1024))
    clipg = meta(CLIPTextModelWithProjection, clip_cfg(1280, 5120, 32, 20, "gelu", 1280))
    # ---- full single-file checkpoints
    ema = {"model_ema.decay": torch.zeros(()), "model_ema.num_updates": torch.zeros((), dtype=torch.int32)}
    sd15 = {**L.unet(un["sd15"]), **L.vae(vae8), **L.clip_l(clipl), **L.schedule_buffers(), **ema}
    save("sd15-full", sd15)
    inp = meta(UNet2DConditionModel, in_channels=9, **UNETS["sd15"])
    save("sd15-inpainting-unet", L.unet(inp))
    save("sd15-instruct-pix2pix-unet", L.unet(meta(UNet2DConditionModel, in_channels=8, **UNETS["sd15"])))
    proj_h = torch.empty(1024, 1024, device="meta")
    sd21 = {**L.unet(un["sd21"]), **L.vae(vae8), **L.open_clip(cliph, "cond_stage_model.model.", proj_h), **L.schedule_buffers(), **ema}
    save("sd21-full", sd21)
    save("sdxl-base-full", {**L.unet(un["sdxl"]), **L.vae(vae8), **L.clip_l(clipl, "conditioner.embedders.0.transformer."),
                            **L.open_clip(clipg, "conditioner.embedders.1.model.")}, "F16")
    save("sdxl-refiner-unet", L.unet(un["sdxl-refiner"]), "F16")
    save("sdxl-refiner-text", L.open_clip(clipg, "conditioner.embedders.0.model."), "F16")
    save("vae-kl-f8", L.vae(vae8, ""))
    fv = meta(AutoencoderKL, **{**VAE8, "latent_channels": 16, "use_quant_conv": False, "use_post_quant_conv": False})
    save("vae-flux", L.vae(fv, ""))
    save("vae-sd3", L.vae(fv, "first_stage_model."), "F16")
    # ---- diffusers layout
    for k, v in un.items():
        save(f"diffusers-{k}-unet", v, "F16" if "xl" in k else "F32")
    save("diffusers-vae-kl-f8", vae8)
    save("diffusers-clip-l", {("" if k.startswith("text_model.") else "text_model.") + k: v for k, v in clipl.items()})
    cg = {("" if k.startswith("text_") else "text_model.") + k: v for k, v in clipg.items()}
    save("diffusers-clip-g", cg, "F16")
    # ---- ControlNet
    cn = meta(ControlNetModel, **{k: v for k, v in UNETS["sd15"].items() if k not in ("up_block_types", "sample_size")})
    save("controlnet-sd15-diffusers", cn)
    save("controlnet-sd15-original", L.controlnet(cn))
    save("controlnet-sdxl-diffusers", meta(ControlNetModel, **{k: v for k, v in UNETS["sdxl"].items() if k not in ("up_block_types", "sample_size")}), "F16")
    # ---- IP-Adapter
    def ip(unet_sd, kind):
        order = []
        for part in ("down_blocks", "up_blocks", "mid_block"):
            for k in unet_sd:                       # module registration order
                if k.startswith(part) and k.endswith("attn1.to_q.weight"):
                    order.append((k, None))
                if k.startswith(part) and k.endswith("attn2.to_k.weight"):
                    order.append((k, unet_sd[k].shape))
        d = {}
        for i, (k, s) in enumerate(order):
            if s is not None:
                for n in ("to_k_ip", "to_v_ip"):
                    d[f"ip_adapter.{i}.{n}.weight"] = torch.empty(s[0], 768 if kind != "sdxl" and kind != "sdxl-plus" else 2048, device="meta")
        if kind in ("sd15", "sdxl"):
            x, n, e = (768, 4, 1024) if kind == "sd15" else (2048, 4, 1280)
            d["image_proj.proj.weight"] = torch.empty(n * x, e, device="meta")
            d["image_proj.proj.bias"] = torch.empty(n * x, device="meta")
            d["image_proj.norm.weight"] = torch.empty(x, device="meta")
            d["image_proj.norm.bias"] = torch.empty(x, device="meta")
        elif kind == "sd15-full-face":
            for i, (a, b) in ((0, (1280, 1280)), (2, (1280, 768))):
                d[f"image_proj.proj.{i}.weight"] = torch.empty(b, a, device="meta")
                d[f"image_proj.proj.{i}.bias"] = torch.empty(b, device="meta")
            d["image_proj.proj.3.weight"] = torch.empty(768, device="meta")
            d["image_proj.proj.3.bias"] = torch.empty(768, device="meta")
        else:
            dim, inner, ff, emb, outd, dep, nq = (768, 768, 3072, 1280, 768, 4, 16) if kind == "sd15-plus" else (1280, 1280, 5120, 1280, 2048, 4, 16)
            d["image_proj.latents"] = torch.empty(1, nq, dim, device="meta")
            for n, s in (("proj_in", (dim, emb)), ("proj_out", (outd, dim))):
                d[f"image_proj.{n}.weight"] = torch.empty(s, device="meta")
                d[f"image_proj.{n}.bias"] = torch.empty(s[0], device="meta")
            for n in ("weight", "bias"):
                d[f"image_proj.norm_out.{n}"] = torch.empty(outd, device="meta")
            for i in range(dep):
                p = f"image_proj.layers.{i}"
                for q in ("norm1", "norm2"):
                    for n in ("weight", "bias"):
                        d[f"{p}.0.{q}.{n}"] = torch.empty(dim, device="meta")
                d[f"{p}.0.to_q.weight"] = torch.empty(inner, dim, device="meta")
                d[f"{p}.0.to_kv.weight"] = torch.empty(inner * 2, dim, device="meta")
                d[f"{p}.0.to_out.weight"] = torch.empty(dim, inner, device="meta")
                for n in ("weight", "bias"):
                    d[f"{p}.1.0.{n}"] = torch.empty(dim, device="meta")
                d[f"{p}.1.1.weight"] = torch.empty(ff, dim, device="meta")
                d[f"{p}.1.3.weight"] = torch.empty(dim, ff, device="meta")
        return d
    for kind in ("sd15", "sd15-plus", "sd15-full-face"):
        save("ip-adapter-" + kind, ip(un["sd15"], kind), "F16")
    for kind in ("sdxl", "sdxl-plus"):
        save("ip-adapter-" + kind, ip(un["sdxl"], kind), "F16")
    # ---- T2I-Adapter (SD1.5 full adapter, 3-channel condition)
    t2 = meta(T2IAdapter, in_channels=3, channels=(320, 640, 1280, 1280), num_res_blocks=2, downscale_factor=8, adapter_type="full_adapter")
    save("t2i-adapter-sd15-diffusers", t2)
    o = {}
    import re
    for k, v in t2.items():
        k = k[len("adapter."):]
        m = re.match(r"body\.(\d+)\.resnets\.(\d+)\.(.*)", k)
        if m:
            k = f"body.{2 * int(m[1]) + int(m[2])}.{m[3]}"
        elif (m := re.match(r"body\.(\d+)\.in_conv\.(.*)", k)):
            k = f"body.{2 * int(m[1])}.in_conv.{m[2]}"
        o[k] = v
    save("t2i-adapter-sd15-original", o)
    # ---- TAESD
    ta = meta(AutoencoderTiny)
    save("taesd-diffusers", ta)
    save("taesd-encoder-original", {k[len("encoder.layers."):]: v for k, v in ta.items() if k.startswith("encoder.layers.")})
    dec = {}
    for k, v in ta.items():
        if k.startswith("decoder.layers."):
            i, tail = k[len("decoder.layers."):].split(".", 1)
            dec[f"{int(i) + 1}.{tail}"] = v
    save("taesd-decoder-original", dec)
    # ---- MMDiT / Flux original layout
    sd3 = meta(SD3Transformer2DModel, sample_size=128, patch_size=2, in_channels=16, num_layers=24, attention_head_dim=64,
               num_attention_heads=24, joint_attention_dim=4096, caption_projection_dim=1536, pooled_projection_dim=2048,
               out_channels=16, pos_embed_max_size=192)
    save("diffusers-sd3-medium-transformer", sd3, "F16")
    save("sd3-medium-transformer", sd3_original(sd3), "F16")
    for n, g in (("schnell", False), ("dev", True)):
        fx = meta(FluxTransformer2DModel, patch_size=1, in_channels=64, num_layers=19, num_single_layers=38, attention_head_dim=128,
                  num_attention_heads=24, joint_attention_dim=4096, pooled_projection_dim=768, guidance_embeds=g)
        save(f"diffusers-flux-{n}-transformer", fx, "BF16")
        save(f"flux-{n}-transformer", flux_original(fx), "BF16")
    # ---- kohya LoRA, rank 4
    def lora_targets(sd):
        for k in sorted(sd):
            if k.endswith(".weight") and ".norm" not in k and ("attentions." in k) and sd[k].ndim in (2, 4):
                yield k[:-7], sd[k].shape
    def te_targets(sd):
        for k in sorted(sd):
            if k.endswith(".weight") and "encoder.layers." in k and sd[k].ndim == 2:
                yield (k if k.startswith("text_model.") else "text_model." + k)[:-7], sd[k].shape
    def lo(pairs, r=4):
        d = {}
        for n, s in pairs:
            d[n + ".alpha"] = torch.empty(())
            d[n + ".lora_down.weight"] = torch.empty((r, s[1]) + tuple(s[2:]), device="meta")
            d[n + ".lora_up.weight"] = torch.empty((s[0], r) + (1,) * (len(s) - 2), device="meta")
        return d
    te = [("lora_te_" + n.replace(".", "_"), s) for n, s in te_targets(clipl)]
    save("lora-kohya-sd15-rank4", lo([(L.kohya_sd_name(n), s) for n, s in lora_targets(un["sd15"])] + te), "F16")
    att = {0: True, 1: True, 2: False}
    xl = [(L.kohya_sdxl_name(n, 2, att), s) for n, s in lora_targets(un["sdxl"])]
    xl += [("lora_te1_" + n.replace(".", "_"), s) for n, s in te_targets(clipl)]
    xl += [("lora_te2_" + n.replace(".", "_"), s) for n, s in te_targets(clipg)]
    save("lora-kohya-sdxl-rank4", lo(xl), "F16")


def sd3_original(sd, prefix="model.diffusion_model."):
    o, q = {}, {}
    B = {"pos_embed.proj": "x_embedder.proj", "time_text_embed.timestep_embedder.linear_1": "t_embedder.mlp.0",
         "time_text_embed.timestep_embedder.linear_2": "t_embedder.mlp.2", "time_text_embed.text_embedder.linear_1": "y_embedder.mlp.0",
         "time_text_embed.text_embedder.linear_2": "y_embedder.mlp.2", "context_embedder": "context_embedder",
         "norm_out.linear": "final_layer.adaLN_modulation.1", "proj_out": "final_layer.linear"}
    T = {"norm1.linear": "x_block.adaLN_modulation.1", "norm1_context.linear": "context_block.adaLN_modulation.1",
         "attn.to_out.0": "x_block.attn.proj", "attn.to_add_out": "context_block.attn.proj", "ff.net.0.proj": "x_block.mlp.fc1",
         "ff.net.2": "x_block.mlp.fc2", "ff_context.net.0.proj": "context_block.mlp.fc1", "ff_context.net.2": "context_block.mlp.fc2",
         "attn.norm_q": "x_block.attn.ln_q", "attn.norm_k": "x_block.attn.ln_k", "attn.norm_added_q": "context_block.attn.ln_q",
         "attn.norm_added_k": "context_block.attn.ln_k"}
    for k, v in sd.items():
        if k == "pos_embed.pos_embed":
            o[prefix + "pos_embed"] = v
            continue
        mod, leaf = k.rsplit(".", 1)
        if mod in B:
            o[f"{prefix}{B[mod]}.{leaf}"] = v
            continue
        _, i, mod = mod.split(".", 2)
        p = f"{prefix}joint_blocks.{i}."
        if mod in T:
            o[f"{p}{T[mod]}.{leaf}"] = v
            continue
        side = "context_block" if mod.startswith("attn.add_") else "x_block"
        which = {"to_q": 0, "to_k": 1, "to_v": 2, "add_q_proj": 0, "add_k_proj": 1, "add_v_proj": 2}[mod[5:]]
        q.setdefault(f"{p}{side}.attn.qkv.{leaf}", [None] * 3)[which] = v
    o.update({k: torch.cat(v, 0) for k, v in q.items()})
    return o


def flux_original(sd, prefix=""):
    o, q = {}, {}
    B = {"time_text_embed.timestep_embedder.linear_1": "time_in.in_layer", "time_text_embed.timestep_embedder.linear_2": "time_in.out_layer",
         "time_text_embed.text_embedder.linear_1": "vector_in.in_layer", "time_text_embed.text_embedder.linear_2": "vector_in.out_layer",
         "time_text_embed.guidance_embedder.linear_1": "guidance_in.in_layer", "time_text_embed.guidance_embedder.linear_2": "guidance_in.out_layer",
         "context_embedder": "txt_in", "x_embedder": "img_in", "norm_out.linear": "final_layer.adaLN_modulation.1", "proj_out": "final_layer.linear"}
    T = {"norm1.linear": "img_mod.lin", "norm1_context.linear": "txt_mod.lin", "attn.to_out.0": "img_attn.proj", "attn.to_add_out": "txt_attn.proj",
         "ff.net.0.proj": "img_mlp.0", "ff.net.2": "img_mlp.2", "ff_context.net.0.proj": "txt_mlp.0", "ff_context.net.2": "txt_mlp.2"}
    N = {"attn.norm_q": "img_attn.norm.query_norm.scale", "attn.norm_k": "img_attn.norm.key_norm.scale",
         "attn.norm_added_q": "txt_attn.norm.query_norm.scale", "attn.norm_added_k": "txt_attn.norm.key_norm.scale"}
    for k, v in sd.items():
        mod, leaf = k.rsplit(".", 1)
        if mod in B:
            o[f"{prefix}{B[mod]}.{leaf}"] = v
            continue
        top, i, mod = mod.split(".", 2)
        if top == "transformer_blocks":
            p = f"{prefix}double_blocks.{i}."
            if mod in T:
                o[f"{p}{T[mod]}.{leaf}"] = v
            elif mod in N:
                o[p + N[mod]] = v
            else:
                side = "txt_attn" if mod.startswith("attn.add_") else "img_attn"
                w = {"to_q": 0, "to_k": 1, "to_v": 2, "add_q_proj": 0, "add_k_proj": 1, "add_v_proj": 2}[mod[5:]]
                q.setdefault(f"{p}{side}.qkv.{leaf}", [None] * 3)[w] = v
        else:
            p = f"{prefix}single_blocks.{i}."
            S = {"norm.linear": "modulation.lin", "proj_out": "linear2"}
            if mod in S:
                o[f"{p}{S[mod]}.{leaf}"] = v
            elif mod in ("attn.norm_q", "attn.norm_k"):
                o[p + ("norm.query_norm.scale" if mod[-1] == "q" else "norm.key_norm.scale")] = v
            else:
                w = {"attn.to_q": 0, "attn.to_k": 1, "attn.to_v": 2, "proj_mlp": 3}[mod]
                q.setdefault(f"{p}linear1.{leaf}", [None] * 4)[w] = v
    o.update({k: torch.cat(v, 0) for k, v in q.items()})
    return o


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "state-dicts")
