# Training, testing and search on torch, with CUDA. In the root of the clone:
#   docker build -f docker/train.Dockerfile -t mmosis-train .
#   docker run --gpus all --shm-size 8g -v "$PWD/data:/mmosis/data" -v "$PWD/work_dirs:/mmosis/work_dirs" mmosis-train \
#       bash tools/dist_train.sh configs/siamese_mask_rcnn_s1.py 4
ARG PYTORCH="2.9.1"
ARG CUDA="12.8"
ARG CUDNN="9"
FROM pytorch/pytorch:${PYTORCH}-cuda${CUDA}-cudnn${CUDNN}-runtime

RUN useradd --create-home --uid 1001 mmosis \
    && pip install --no-cache-dir uv==0.13.9

COPY --chown=mmosis . /mmosis
WORKDIR /mmosis

# torch stays as the image has it. Nothing is compiled: where MMCV's ops are missing, torchvision has those that are needed.
RUN uv pip install --system --break-system-packages --no-cache --override requirements/overrides.txt \
        --editable '.[onedl]' opencv-python-headless \
    && mkdir -p data work_dirs \
    && chown mmosis /mmosis data work_dirs

USER 1001
CMD ["python", "tools/demo.py"]
